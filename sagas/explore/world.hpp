// The world that one saga lives in: its orchestrator, one participant per step, the messages under
// way, a customer, an operator. Plain values; every possible next event is a `move`.
//
// The network is a set: what was sent once may arrive never, late, twice and in any order, for
// ever. So worlds are folded: a resend adds nothing, numbers of attempts and arms do not matter,
// and whatever merely adds a message is done at once (`settle`), because a world with more
// messages under way can do all that one with fewer can. `rules::fold` off does nothing of this;
// tests compare. `rules::exact` counts copies instead, each arrives once, and bounds the faults.
//
// The choices of sagas/naive.hpp that the world makes are made here, in the test library only.
#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "sagas/machine.hpp"
#include "sagas/naive.hpp"

namespace skald::explore {
inline constexpr std::size_t max_effects = 4;        // effects of one step that are told apart
inline constexpr std::size_t max_undos = 7;          // undos of one step: n is 1 to 7
inline constexpr int max_copies = 3;                 // of one message, exact only
inline constexpr int max_attempts = 7;               // of one command, told apart
inline constexpr int max_arms = 12;                  // not folded: then no operator's retry
inline constexpr std::uint64_t other_try = 9;        // the occurrence of an await's decline
inline constexpr std::size_t max_explored_held = 2;  // inputs held while paused

// What may happen in this world.
struct rules {
  int effects = 2;      // of one await step: the customer really pays twice
  bool cancel = true;   // and the deadline, where the definition has one
  bool exhaust = true;  // retries run out; off: the first answer always comes in time
  bool decline = true;
  bool operators = true;
  bool pause = false;
  bool liars = false;                   // participants that do it and answer both ok and declined
  bool strangers = false;               // the events are somebody else's: no start ever comes
  bool reliable_replies = false;        // an answer that was given arrives some day
  bool exact = false;                   // copies are counted
  int faults = 3;                       // exact only: in all, of those that is_fault() names
  bool fold = true;                     // see above; never with `exact`
  bool reduce = !machine::naive_build;  // leave out what the engine itself says changes nothing
  bool consumed_bit = true;             // off, for tests: S8 looks at the copies that are left
};

enum class effect : std::uint8_t { none, in_force, undone, written_off };

// What a step's participant remembers, in its own database.
struct books {
  std::array<effect, max_effects> effects{};
  bool fence = false, declined = false, retry_kept = false;

  bool any(effect what) const {
    return std::find(effects.begin(), effects.end(), what) != effects.end();
  }
  bool stands() const { return any(effect::in_force); }
};

// The messages of one step under way: copies of each; in a set 0 or 1. Undos are indexed by n - 1,
// `retry` answers by the n of their command.
struct mail {
  std::uint8_t dos = 0, refused = 0, declined = 0;
  std::array<std::uint8_t, max_effects> ok{};
  std::array<std::uint8_t, max_undos> undo{}, undone{};
  std::array<std::uint8_t, max_undos + 1> retry{};
  std::array<std::uint8_t, max_undos> named{};  // which occurrence; 0: step-wide
  std::uint8_t undos = 0;                       // the highest n that was sent
  std::uint8_t consumed = 0;  // bit k: the ok of effect k is behind the consumer's offset
};

struct world {
  machine::saga saga;
  std::array<explore::books, max_steps> books{};
  std::array<explore::mail, max_steps> mail{};
  std::uint16_t guards = 0;  // bit i: the guard of step i holds
  bool overflowed = false;   // more undos than `max_undos`: not explored further
  std::uint8_t faults = 0;   // exact: how many there were
  bool zombie_loaded = false;
  std::optional<machine::saga> zombie;  // what a stale owner still believes in
};

enum class move_kind : std::uint8_t {
  start,
  cancel,
  deadline,
  parking_over,
  timer,
  old_timer,
  surplus_timer,  // time and you
  customer,
  try_fails,  // await steps
  handle_do,
  handle_do_declining,
  handle_do_lying,
  handle_do_retrying,
  handle_undo_retrying,
  handle_undo,
  ok,
  declined,
  refused,
  retry,
  undone,  // answers arrive
  pause,
  resume,
  op_retry,
  op_settle,
  op_done,
  op_not_done,
  load_stale  // a fault
};

enum class commit : std::uint8_t { whole, published_only, by_zombie };

struct move {
  move_kind kind = move_kind::start;
  std::uint8_t step = machine::whole_saga;
  std::uint8_t item = 0;   // an occurrence (ok, customer, surplus) or n (undo, undone, retry)
  bool exhausted = false;  // timer, retry: this was the last attempt
  bool again = false;      // exact: the message arrives, and is still under way
  bool fault = false;      // exact: it counts against rules::faults
  std::uint8_t arm = 0;    // old_timer: which one; 0: any
  explore::commit commit = commit::whole;
  bool operator==(const move&) const = default;
};

// What a move did, for the invariants and for people.
struct happening {
  bool to_engine = false;
  machine::event event{};
  machine::outcome outcome{};
  std::vector<std::uint16_t> cells;  // of what was held and is applied now
  machine::phase before = machine::phase::none;
  std::vector<machine::action> actions;
  const char* broken = nullptr;  // S1 or S2, seen by a participant

  void clear() {  // keeps what is allocated
    to_engine = false;
    cells.clear();
    actions.clear();
    broken = nullptr;
  }
};

class universe {
 public:
  universe(const definition&, const rules&);
  const skald::definition& definition() const { return d_; }
  const explore::rules& rules() const { return r_; }

  std::vector<world> beginnings() const;  // one for each truth of the guards
  void moves(const world&, std::vector<move>& out) const;
  // Ends in `canonical` form. False: nothing came of it, the engine says, and `world` is as it was.
  bool apply(world&, const move&, happening&) const;

 private:
  void moves_of_step(const world&, std::uint8_t step, std::vector<move>& out) const;
  void moves_of_operator(const world&, std::vector<move>& out) const;
  machine::event event_of(const machine::saga&, const move&) const;
  bool answer(world&, const move&, happening&) const;
  void answer_do(world&, const move&, happening&) const;
  void answer_undo(world&, const move&, happening&) const;
  bool decide(world&, const move&, happening&) const;
  void write_books(world&, const move&) const;
  void happen(world&, const move&) const;
  void send(world&, const machine::action&) const;
  void settle(world&) const;
  void settle(world&, std::uint8_t step) const;
  void put(std::uint8_t& copies) const;
  void take(const move&, std::uint8_t& copies) const;
  bool undo_matters(const world&, std::uint8_t step, std::size_t n) const;
  void canonical(machine::saga&) const;
  bool worth_holding(const world&, const machine::event&) const;
  bool fenced(std::uint8_t step) const;

  bool is_fault(const world&, const move&) const;

  skald::definition d_;  // retries clamped to one: folded, fewer or more are the same set
  explore::rules r_;
};
}  // namespace skald::explore
