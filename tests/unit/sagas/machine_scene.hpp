// A saga on a stage: a hand-built definition, events by name, and what they led to as words.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "sagas/invariants.hpp"
#include "sagas/machine.hpp"
#include "sagas/table.hpp"

namespace skald::machine {
// Definitions. Every step has one retry and one undo retry, so two timers exhaust it.
skald::step compensatable(std::string_view name);
skald::step harmless_step(std::string_view name);
skald::step pivot(std::string_view name);  // with a fence
skald::step retriable_step(std::string_view name);
skald::step await_step(std::string_view name, unclaimed = unclaimed::undo);
skald::step guarded(skald::step);
skald::step unfenced(skald::step);

// One step after the other. Put `with_previous` around a step that shares the stage before it.
skald::step with_previous(skald::step);
definition saga_of(std::initializer_list<skald::step> steps);

definition vending();         // 0 reserve, 1 charge, 2 dispense (pivot), 3 receipt (retriable)
definition customer_pays();   // 0 reserve, 1 pay (await), 2 dispense (pivot)
definition no_pivot();        // 0 charge, 1 notify (retriable)
definition pair();            // 0 hotel, 1 flight: one stage
definition unfenced_pivot();  // 0 charge, 1 dispense (pivot without a fence)

class scene final : public facts {
 public:
  definition d;
  skald::machine::saga s;
  std::vector<action> actions;  // of the last event
  outcome last;
  std::int64_t now_ms = 1000;
  std::uint16_t false_guards = 0;
  mutable std::vector<std::uint16_t> held_cells;

  scene() = default;
  explicit scene(const definition& of) : d(of) {}
  scene& play(const definition& of);  // a fresh saga of it

  scene& on(event);
  scene& start();
  scene& ok(std::uint8_t step, std::uint64_t occurrence = 7);
  scene& declined(std::uint8_t step, std::uint64_t occurrence = 7);
  scene& refused(std::uint8_t step);
  scene& retry(std::uint8_t step, std::uint16_t n = 0, std::int64_t after_ms = 0);
  scene& undone(std::uint8_t step);  // the answer to its current undo or fence
  scene& undone(std::uint8_t step, std::uint16_t n);
  scene& timer(std::uint8_t step);  // its current arm
  scene& surplus_timer(std::uint8_t step, std::uint64_t occurrence);
  scene& exhaust(std::uint8_t step);  // timers until none is armed
  scene& exhaust_surplus(std::uint8_t step, std::uint64_t occurrence);
  scene& say(event_kind);  // of the whole saga
  scene& op(event_kind, std::uint8_t step, bool in_books = true, std::uint64_t occurrence = 0);

  bool holds(std::uint8_t step) const override { return !(false_guards >> step & 1); }
  void applied(const event&, const outcome& o) const override { held_cells.push_back(o.cell); }

  status at(std::uint8_t step) const { return s.steps[step].status; }
  verdict said() const { return last.verdict; }
  std::string sent() const;  // "do 1, undo 0#1, undo 1#2@8, fence 2#1, aborted"
};

// Every cell that a test was written for; the coverage test compares it with the table.
std::vector<cell>& cells_with_a_test();
struct cell_with_a_test {
  explicit cell_with_a_test(cell c) { cells_with_a_test().push_back(c); }
};

// no_pivot() whose charge has been paid twice; the second one's undo is open.
inline scene& paid_twice(scene& on) {
  return on.play(no_pivot()).start().ok(0, 8).ok(0, 9);
}
}  // namespace skald::machine

// A test of the clause `name`: its last event must be decided by that clause.
#define CELL(id)                                                                        \
  static void play_##id(skald::machine::scene&);                                        \
  static const skald::machine::cell_with_a_test test_of_##id{skald::machine::cell::id}; \
  TEST_CASE(#id) {                                                                      \
    skald::machine::scene on_stage;                                                     \
    play_##id(on_stage);                                                                \
    CHECK(skald::machine::table[on_stage.last.cell].name == std::string_view(#id));     \
  }                                                                                     \
  static void play_##id([[maybe_unused]] skald::machine::scene& on)
