// One simulated world: what all its inhabitants share. Nothing here decides anything.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "orchestrator/simulate/clock.hpp"
#include "orchestrator/simulate/faults.hpp"
#include "orchestrator/simulate/log.hpp"
#include "orchestrator/simulate/script.hpp"
#include "orchestrator/simulate/store.hpp"
#include "outbox/fence.hpp"
#include "outbox/token.hpp"

namespace skald::sim {
// Which run: the seed draws all the rest.
struct plan {
  std::uint64_t seed = 0;
  int sagas = 300;
  fault_set without = 0;                          // kinds of fault that are left out
  fault_set always = 0;                           // that every run has, a third of the time
  std::uint64_t most_faults = ~std::uint64_t{0};  // from then on nothing goes wrong
  int only_saga = -1;                             // the others do nothing
  std::string definition;                         // its name; empty: drawn
  int trace = -1;                                 // the saga whose story is written
};

// What really happened at a participant, by its own ledger.
struct effect {
  std::string name;  // of the occurrence
  enum class state : std::uint8_t { standing, undone } now = state::standing;
  bool by_word = false;  // the operator wrote it into the books
  bool untold = false;   // no reply ever names it: only the undo of the whole step reaches it
};
struct step_books {
  fence::memory memory;  // what the participant remembers: the shipped fence
  std::vector<effect> effects;
  std::vector<std::uint16_t> commands;  // numbers of the commands that were carried out
  bool word = false;                    // an operator's
  bool retry_kept = false;              // only a naive participant remembers that it said `retry`
  bool undo_never = false;
};

// One saga as the world outside knows it.
struct party {
  std::string key;
  uuid id;
  std::uint16_t guards = 0;   // bit i: the guard of step i holds
  bool started = false;       // its start was published
  bool cancelled = false;     // or a cancel was: it is somebody's
  bool spoken = false;        // anything about it was published
  std::uint16_t seen_to = 0;  // bit i: the operator's word on step i; no rule says more of it
  std::vector<step_books> books;
  std::vector<std::uint64_t> published;  // by the orchestrator: hashes of ce_id and attempt
};

// What will happen when.
class agenda {
 public:
  void at(std::int64_t ms, std::function<void()> what) {
    entries_.push({ms, order_++, std::move(what)});
  }
  bool empty() const { return entries_.empty(); }
  std::int64_t next_ms() const { return entries_.top().ms; }
  void run_due(std::int64_t now_ms) {
    while (!entries_.empty() && entries_.top().ms <= now_ms) {
      auto what = std::move(const_cast<entry&>(entries_.top()).what);
      entries_.pop();
      what();
    }
  }

 private:
  struct entry {
    std::int64_t ms;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const entry& other) const {
      return ms != other.ms ? ms > other.ms : order > other.order;
    }
  };
  std::priority_queue<entry> entries_;
  std::uint64_t order_ = 0;
};

inline constexpr std::string_view prefix = "sim";

struct world {
  world(const sim::plan&, const script&);
  world(const world&) = delete;

  const sim::plan plan;
  const sim::script& script;
  fault_mix mix;
  dice draw;  // what is no fault
  sim::clock clock;
  sim::agenda agenda;
  sim::cluster log{&mix};
  sim::database database;
  signer tokens;
  std::vector<party> parties;
  std::int64_t topics_ms = 0;  // foreign topics are read from then on
  std::int64_t span_ms = 0;    // within which sagas start
  std::string broken;          // the first promise seen broken by a participant
  int broken_saga = -1;
  std::uint64_t absorbed = 0;  // duplicates that a fence answered
  std::vector<std::tuple<std::string, std::int32_t, std::int64_t>> inapplicable;  // records
  std::vector<std::string> story;  // of the saga that is traced, and of all (-1)

  const definition& spec() const { return script.spec(); }
  bool speaks(int saga) const { return plan.only_saga < 0 || saga == plan.only_saga; }
  party* party_of(std::string_view key, int* index = nullptr);
  void in(std::int64_t ms, std::function<void()> what) {
    agenda.at(clock.passed_ms + ms, std::move(what));
  }
  template <class Text>
  void tell(int saga, Text text) {  // text() only when somebody listens
    if (plan.trace >= 0 && (saga == plan.trace || saga < 0)) write_story(saga, text());
  }
  void violate(int saga, std::string what);

 private:
  void write_story(int saga, const std::string& text);
};
}  // namespace skald::sim
