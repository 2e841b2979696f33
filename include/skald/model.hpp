// A saga definition as plain bounded data, usable at compile time. No templates but `list`, no I/O.
//
// The same value is written in C++ (typed.hpp), judged (check.hpp), turned into JSON, stored,
// drawn, explored and run. A `string_view` here never owns: it points into the program's constants,
// or into the `stored_definition` that was loaded (sagas/json.hpp), which must outlive it.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace skald {
using std::string_view;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

inline constexpr std::size_t max_steps = 16;    // of one definition
inline constexpr std::size_t max_parallel = 8;  // steps of one stage
inline constexpr std::size_t max_fields = 16;   // of one command
inline constexpr std::size_t max_replies = 6;   // declined events of one step
inline constexpr std::size_t max_tokens = 24;   // of one guard

inline constexpr string_view no_data = "skald.reply.v1";  // the type of a reply without data

// A vector with a fixed bound, so that it can live at compile time.
template <class T, std::size_t N>
struct list {
  std::array<T, N> items{};
  std::size_t count = 0;
  constexpr list() = default;
  constexpr list(std::initializer_list<T> in) {
    for (auto& i : in) push(i);
  }
  constexpr void push(const T& t) {
    if (count == N) throw "skald: too many items in a list of this definition";
    items[count++] = t;
  }
  constexpr std::size_t size() const { return count; }
  constexpr bool empty() const { return count == 0; }
  constexpr T& operator[](std::size_t i) { return items[i]; }
  constexpr const T& operator[](std::size_t i) const { return items[i]; }
  constexpr auto begin() const { return items.begin(); }
  constexpr auto end() const { return items.begin() + count; }
  constexpr bool has(const T& t) const {
    for (auto& i : *this)
      if (i == t) return true;
    return false;
  }
};

// One field of one event: `event` is the full wire name, `field` a JSON Pointer into its data.
struct place {
  string_view event{}, field{};
  constexpr bool operator==(const place&) const = default;
};

struct value {
  enum class type : std::uint8_t { none, integer, boolean, text };
  type kind = type::none;
  std::int64_t number = 0;
  string_view words{};
};

// Fills one field of a command: from a place, or with a fixed value when `from.event` is empty.
struct binding {
  string_view to{};  // JSON Pointer into the command's data
  place from{};
  value fixed{};
  bool optional = false;  // left out of the command when the place has no value (yet)
};

// `type` is the full wire name; the topic is "<participant>.commands".
struct command {
  string_view type{}, participant{};
  list<binding, max_fields> fields{};
  constexpr bool empty() const { return type.empty(); }
};

// A condition in postfix order; empty means always.
struct token {
  enum class type : std::uint8_t { field, literal, op };
  enum class op : std::uint8_t { eq, ne, lt, le, gt, ge, both, either, negate };
  type kind = type::op;
  place at{};
  value fixed{};
  op what = op::eq;
};
struct guard {
  list<token, max_tokens> tokens{};
  constexpr bool empty() const { return tokens.empty(); }
};

// What starts a saga: an event on `topic` (empty: the orchestrator's own `<prefix>.starts`).
struct trigger {
  string_view event{}, key{};  // key: JSON Pointer to the business key
  string_view topic{};
  guard only{};  // reads this event alone; false: starts nothing

  // on<&OrderPlaced::order_id>.from("shop.events")
  constexpr trigger from(string_view foreign_topic, const guard& only_if = {}) const {
    return {event, key, foreign_topic, only_if};
  }
};

enum class unclaimed : std::uint8_t { unsaid, undo, ignore };                 // semantics 3.2
enum class surplus : std::uint8_t { by_default, undo, ignore, to_operator };  // semantics 3.1

// Where an await step's event comes from. Empty event: the step is commanded, not awaited.
struct source {
  string_view event{}, topic{};
  string_view correlate{};  // JSON Pointer to the business key in the event
  guard only{};             // reads this event alone; false: not for skald
  skald::unclaimed unclaimed = skald::unclaimed::unsaid;
};

// `times` counts retries after the first attempt. Retry k is given the step's `within` plus
// min(cap, first * factor^(k-1)), spread down by up to `jitter_percent` (a hash, never drawn).
struct backoff {
  int times = 0;
  milliseconds first = 200ms;
  int factor = 2;
  milliseconds cap = 60s;
  int jitter_percent = 20;
  constexpr bool operator==(const backoff&) const = default;
};

enum class kind : std::uint8_t { compensatable, pivot, retriable };

struct undo {
  enum class type : std::uint8_t { missing, by, harmless, irreversible, retriable };
  type kind = type::missing;
  command send{};
  constexpr undo() = default;
  constexpr undo(const command& c) : kind(type::by), send(c) {}
  constexpr explicit undo(type k) : kind(k) {}
};
inline constexpr undo harmless{undo::type::harmless}, irreversible{undo::type::irreversible},
    retriable{undo::type::retriable};

struct step {
  string_view name{};
  command send{};  // empty: an await step
  source await{};
  string_view done{};  // the event of success; an await's is filled by `stages`
  list<string_view, max_replies> failed{};  // full wire names of the events of a decline
  place occurrence{};                       // tells two effects of this step apart (semantics 3.1)
  guard when{};                             // false: the step is skipped
  milliseconds within{};                    // for each attempt; for an await: in all
  backoff retry{};
  command fence{};  // of a pivot: `undone` or `ok` (semantics, rule 2)
  skald::undo undo{};
  backoff undo_retry{.times = 10, .first = 500ms};
  skald::surplus surplus = skald::surplus::by_default;
  bool no_fence = false;  // the participant's declared weaknesses
  bool not_idempotent = false;
  std::uint8_t stage = 0;  // filled by `stages`: one stage runs in parallel

  constexpr bool awaits() const { return !await.event.empty(); }
  constexpr bool has_undo() const { return undo.kind == skald::undo::type::by; }
  constexpr skald::kind kind() const {
    return undo.kind == skald::undo::type::irreversible ? skald::kind::pivot
           : undo.kind == skald::undo::type::retriable  ? skald::kind::retriable
                                                        : skald::kind::compensatable;
  }
};

// together(book_flight, book_hotel): steps that run at the same time.
struct parallel {
  list<step, max_parallel> steps{};
};
template <class... S>
constexpr parallel together(const S&... steps) {
  return {{steps...}};
}

// The steps in order, numbered by stage: {reserve, together(book_flight, book_hotel), confirm}.
struct stages : list<step, max_steps> {
  constexpr stages() = default;
  template <class... S>
  constexpr stages(const S&... parts) {
    (add(parts), ...);
  }
  constexpr void add(const step& s) { add_to(next_stage(), s); }
  constexpr void add(const parallel& p) {
    const auto stage = next_stage();
    for (auto& s : p.steps) add_to(stage, s);
  }

 private:
  constexpr std::uint8_t next_stage() const {
    return empty() ? 0 : static_cast<std::uint8_t>(items[count - 1].stage + 1);
  }
  constexpr void add_to(std::uint8_t stage, const step& s) {
    push(s);
    step& added = items[count - 1];
    added.stage = stage;
    if (added.awaits() && added.done.empty()) added.done = added.await.event;
  }
};

enum class publish : std::uint8_t { outcome, steps };  // what goes to `<prefix>.saga-events`

struct definition {
  string_view name{};
  int version = 0;
  trigger starts{};
  stages steps{};
  milliseconds deadline{};       // 0: none
  milliseconds parking = 15min;  // how long an early event waits for its start
  bool parallel_undo = false;
  bool strict_order = false;  // a stuck undo holds the others back
  skald::publish publish = skald::publish::outcome;
};
}  // namespace skald
