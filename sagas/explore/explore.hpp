// The model checker: is this definition safe, whatever is lost, repeated, late or fails?
//
// explore() drives the engine's own step() through every reachable world (world.hpp). Pure; one
// thread; bounded by `options::max_states` per scenario, about 60 bytes a state.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "skald/model.hpp"

namespace skald::explore {
enum class verdict : std::uint8_t { proven, violation, bad_definition, bound_reached };

inline constexpr int most_faults = 7;  // with `exact`

struct options {
  int payments = 2;               // different occurrences of one awaited event, at most 4
  bool liars = false;             // participants may do it and say that they declined
  bool reliable_replies = false;  // an answer once given is never lost (a participant's outbox)
  bool pause = true;              // explore pause and resume, its own scenario
  bool exact = false;             // count copies of messages instead of a set, bound the faults
  int faults = 3;                 // exact only, of most_faults: timeouts, copies, retries, cancels
  std::size_t max_states = 10'000'000;  // of one scenario
  std::uint64_t seed = 1;               // of the random walks beyond that

  // For the checker's own test: neither may change a verdict (world.hpp).
  bool fold = true, consumed_bit = true;
};

// One line of the counterexample. `actor` empty: you, a timer or the operator.
struct trace_line {
  std::string actor;     // the participant whose line it is, or that is heard
  std::string what;      // "reserve takes effect", "cancel", "ok(reserve) arrives"
  std::string decision;  // what the orchestrator did; empty: it was not involved
  std::string replay;    // the engine's part as a C++ condition, for the emitted test; or empty
};

struct scenario_result {
  std::string name;  // "cancel, operator, 2 payments"
  std::size_t states = 0, edges = 0;
  int depth = 0;
  double seconds = 0;
  bool complete = true;
  bool live = false;      // judged: from every state it can end, or reach the operator
  bool unjudged = false;  // too many edges were seen to tell
};

struct report {
  explore::verdict verdict = verdict::proven;
  std::size_t states = 0;
  int depth = 0;
  double seconds = 0;
  std::string bounds;          // of the whole statement; empty: none
  std::string rule, sentence;  // of the violation, or of what is wrong with the definition
  std::string why, fix;
  std::vector<trace_line> trace;
  std::vector<std::string> ledger;        // one line per step: what is in effect, what was undone
  std::vector<std::string> participants;  // lanes, in order of first appearance
  std::vector<scenario_result> scenarios;
  std::vector<std::string> lints;        // sentences
  std::vector<std::string> assumed;      // sentences: the guards that the counterexample chose
  std::vector<std::string> never_taken;  // rules of the engine's table, by name
  std::size_t cells = 0;                 // of the table, in all
  std::uint64_t guards = 0;              // of the counterexample: bit i, the guard of step i
  std::string end;                       // the phase at its end, as C++
};

report explore(const definition&, const options& = {});
}  // namespace skald::explore
