// Private to the engine: one event being applied to one saga, and the verbs that its parts share.
// Each *.cpp here holds a few rows of the table; a function that returns an outcome is one cell.
#pragma once
#include "sagas/assert.hpp"
#include "sagas/backoff.hpp"
#include "sagas/machine.hpp"
#include "sagas/naive.hpp"
#include "sagas/table.hpp"

namespace skald::machine {
struct turn {
  const definition& d;
  saga& s;
  const event& e;
  const facts& guards;
  std::vector<action>& actions;

  std::size_t steps() const { return s.steps.size(); }
  step_state& state() { return s.steps[e.step]; }
  const skald::step& def() const { return d.steps[e.step]; }
};

inline constexpr std::uint8_t no_step = whole_saga;

// turn.cpp: outcomes, statuses, timers.
outcome decide(cell, verdict, bool changed = true);
outcome unchanged(cell, verdict = verdict::recorded);
void move(turn&, std::uint8_t i, status);
void arm(turn&, std::uint16_t& arm, std::int64_t& due_ms, std::int64_t delay_ms);
void disarm(step_state&);
std::int64_t wait_ms(const turn&, std::uint8_t i, const backoff&, int attempt, std::uint16_t arm);
bool attempts_left(const backoff&, int attempts);
std::uint8_t pivot_of(const definition&);
bool past_no_return(const turn&);
bool contradict(turn&, std::uint8_t i);  // an operator item; false: there is one of this step

// occurrences.cpp: what has been seen of a step.
bool seen(const saga&, std::uint8_t i, std::uint64_t occurrence);
void count(turn&, std::uint8_t i, std::uint64_t occurrence);
void accept(turn&, std::uint8_t i, std::uint64_t occurrence);
bool room_to_count(const saga&, std::uint8_t i, std::size_t waiting);  // `waiting`: parked, held

// forward.cpp
outcome start(turn&);
void send_do(turn&, std::uint8_t i);
void advance(turn&);

// success.cpp
outcome ok(turn&);

// failure.cpp
outcome declined(turn&);
outcome refused(turn&);
outcome retry(turn&);

// parking.cpp
void bear_aborted(turn&);
outcome park(turn&, cell first, cell again);
outcome parking_over(turn&);
bool claim_parked(turn&, std::uint8_t i);
void claim_strangers(turn&);
void release_parked(turn&, bool strangers_are_ours);

// timers.cpp
outcome timer(turn&);

// abort.cpp
enum class aborting : std::uint8_t { refused, resolving, to_operator, waits, begun };
aborting abort(turn&);
aborting resolve(turn&, std::uint8_t pivot);
void begin_abort(turn&);
outcome cancel(turn&);
void send_fence(turn&, std::uint8_t pivot);

// undo.cpp
outcome undone(turn&);
void start_undo(turn&, std::uint8_t i);
void send_undo(turn&, std::uint8_t i);
void undo_late_success(turn&, std::uint8_t i);
void continue_undo(turn&);

// surplus.cpp
surplus_state* find_surplus(saga&, std::uint8_t i, std::uint64_t occurrence);
surplus_state* find_surplus_by_n(saga&, std::uint8_t i, std::uint16_t n);
enum class treatment : std::uint8_t { by_policy, undo, to_operator, ignore };
void open_surplus(turn&, std::uint8_t i, std::uint64_t occurrence, treatment);
void undo_surplus(turn&, surplus_state&);
outcome surplus_timer(turn&);
outcome surplus_undone(surplus_state&);
outcome surplus_retry(turn&, surplus_state&);

// pausing.cpp
outcome pause(turn&);
outcome resume(turn&);
outcome while_paused(turn&);

// operator.cpp
outcome operators_word(turn&);

// machine.cpp
outcome dispatch(turn&);
void note(saga&, const event&, const outcome&);

// invariants.cpp
void check_invariants(const definition&, const saga&);
}  // namespace skald::machine
