// The engine: step(definition, saga, event) -> (saga', actions). Pure: no I/O, no clock, no thread.
//
// Every rule is a cell of the transition table in docs/semantics.md. The orchestrator, the model
// checker, the simulator and replay all call this one function; there is no second model.
// Occurrences are 64-bit hashes here (orchestrator keeps the words); times are milliseconds since
// the epoch of the database's clock, given with the event; nothing here reads a clock.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "skald/model.hpp"

namespace skald::machine {
inline constexpr std::size_t max_parked = 32;       // early events kept by one saga
inline constexpr std::size_t max_held = 64;         // inputs kept while paused
inline constexpr std::size_t max_occurrences = 64;  // counted by one saga, over all its steps
inline constexpr std::size_t max_counted = max_occurrences + max_steps;  // and each step's first
inline constexpr int max_recorded = 32;  // merely recorded inputs that are journaled

enum class phase : std::uint8_t { none, running, aborting, completed, aborted };
enum class status : std::uint8_t {
  idle,
  pending,
  done,
  declined,
  undoing,
  settled,
  resolving,
  to_operator,
  skipped
};

// A step's part of a saga. `due_ms` 0 = no timer; `arm` numbers the step's timers, `n` its undos.
struct step_state {
  skald::machine::status status = status::idle;
  bool dirty = false;            // no_fence: another ok came while undoing
  bool risked = false;           // an operator's word that is not in the participant's books
  bool waiting = false;          // a `retry` named a time: the timer resends, already counted
  std::uint8_t attempts = 0;     // of the current command (do, undo or fence), from 1
  std::uint16_t n = 0, arm = 0;  // n: the last one used by any undo of this step
  std::uint16_t undo_n = 0;      // n of the step's own undo or fence, 0 = none was sent
  std::uint64_t accepted = 0;    // the occurrence that counts; 0 = none
  std::int64_t due_ms = 0;
};

// Another effect of a step that is already done or skipped: an obligation of its own.
struct surplus_state {
  enum class state : std::uint8_t { open, closed, to_operator, ignored };
  std::uint8_t step = 0, attempts = 0;
  state now = state::open;
  bool risked = false, waiting = false;  // as in step_state
  std::uint16_t n = 0, arm = 0;          // n: of its undo, 0 = none was sent
  std::uint64_t occurrence = 0;
  std::int64_t due_ms = 0;
};

enum class event_kind : std::uint8_t {
  start,
  ok,
  declined,
  refused,
  retry,
  undone,
  timer,
  cancel,
  deadline,
  parking_over,
  pause,
  resume,
  op_retry,
  op_settle,
  op_done,
  op_not_done
};

inline constexpr std::uint8_t whole_saga = 0xff;  // `step` of events that name no step

// The occurrence of an ok that answers a fence is that of the step's own ok.
struct event {
  event_kind kind = event_kind::start;
  std::uint8_t step = whole_saga;
  std::uint16_t n = 0;           // undone, retry: n of the command that it answers (a do: 0)
  std::uint16_t arm = 0;         // timer: which arming fired
  std::uint64_t occurrence = 0;  // ok, declined: never 0; timer, op_*: of a surplus, else 0
  std::int64_t at_ms = 0;        // the batch's time
  std::int64_t after_ms = 0;     // retry: not before this long
  bool in_books = false;         // op_*: the participant's row was written first
  constexpr bool operator==(const event&) const = default;
};

struct parked_event {
  std::uint8_t step = 0;
  bool ok = true;  // else declined
  std::uint64_t occurrence = 0;
};

struct counted_occurrence {  // seen of a step, and neither accepted nor a surplus
  std::uint8_t step = 0;
  std::uint64_t occurrence = 0;
};

// One run. Copyable value; a fresh one is phase `none`. Encoded by sagas/encoding.hpp.
struct saga {
  skald::machine::phase phase = phase::none;
  bool paused = false, born_aborted = false;
  std::uint16_t conflicts = 0;    // bit i: step i's words contradict, an operator item
  std::uint8_t stage = 0;         // forward: the stage under way; aborting: the one undone
  std::uint16_t recorded = 0;     // inputs that changed nothing while it was not finished
  std::uint64_t jitter_seed = 0;  // hash of the saga id, set by the shell before the first step
  std::int64_t deadline_ms = 0, parking_ms = 0, paused_ms = 0;
  list<step_state, max_steps> steps{};
  std::vector<surplus_state> surpluses;
  std::vector<parked_event> parked;
  std::vector<counted_occurrence> counted;
  std::vector<event> held;
};

enum class action_kind : std::uint8_t {
  send_do,
  send_undo,
  send_undo_named,
  send_fence,  // a command to the step's participant
  tell_started,
  tell_completed,
  tell_aborted,
  tell_stuck,
  tell_step  // a saga event
};

// What to do after the commit. The wire id is <saga>/<step>/<do|undo>/<n>; a fence is an undo.
struct action {
  action_kind kind = action_kind::send_do;
  std::uint8_t step = whole_saga;
  std::uint8_t attempt = 1;
  std::uint16_t n = 0;
  std::uint64_t occurrence = 0;  // send_undo_named: whose
  constexpr bool operator==(const action&) const = default;
};

enum class verdict : std::uint8_t {
  applied,
  parked,
  held,
  duplicate,
  surplus,
  recorded,
  conflict,
  refused,
  overflow  // a bound above is reached: the input belongs into quarantine, the saga is unchanged
};

struct outcome;

// What the engine may ask of its caller, and tell it, during one step().
struct facts {
  // Truth of the guard of a step that has one, asked when its stage is entered.
  virtual bool holds(std::uint8_t step) const = 0;
  // One input that was held while the saga was paused has just been applied by `resume`.
  virtual void applied(const event&, const outcome&) const {}

 protected:
  ~facts() = default;
};

struct outcome {
  skald::machine::verdict verdict = verdict::applied;
  std::uint16_t cell = 0;  // which cell of the table decided, for coverage (sagas/table.hpp)
  std::string_view why{};  // a constant sentence for the journal and for people
  bool changed = true;     // false: saga and actions are untouched but for `recorded`
};

// Applies one event. `saga` is changed in place, `actions` appended to (the caller clears it).
// Never throws on any event, however absurd; asserts only on a broken invariant of its own.
outcome step(const definition&, saga&, const event&, const facts&, std::vector<action>& actions);

// Counts an input that its sender decided on an older sequence: it is not applied. As every input
// that is merely recorded, it counts up to max_recorded, and not in a finished saga.
void note_stale(saga&);

bool finished(const saga&);   // nothing of it is open: COMPLETED, ABORTED, or nothing ever came
bool item_open(const saga&);  // something waits for the operator
bool stuck(const definition&, const saga&);  // an item is open and nothing else can go on
std::int64_t next_due_ms(const saga&);       // the earliest timer, 0 = none (always 0 while paused)

// The timers that are due at `now_ms`, as events with `at_ms = now_ms`, earliest first.
void due_events(const saga&, std::int64_t now_ms, std::vector<event>& out);
}  // namespace skald::machine
