// The rows `operator`, `pause` and `resume`, and what a paused saga does.
#include "machine_scene.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
scene& stuck_receipt(scene& on) {
  return on.play(no_pivot()).start().ok(0).exhaust(1);
}
scene& stuck_pivot(scene& on) {
  return on.play(vending()).start().ok(0).ok(1).say(event_kind::cancel).exhaust(2);
}
scene& stuck_undo(scene& on) {
  return on.play(vending()).start().say(event_kind::cancel).exhaust(0);
}
scene& stuck_surplus(scene& on) {
  return on.play(no_pivot()).start().ok(0, 8).ok(0, 9).exhaust_surplus(0, 9);
}
}  // namespace

CELL(op_retry_retriable) {
  stuck_receipt(on).op(event_kind::op_retry, 1);
  CHECK(on.sent() == "do 1");
  CHECK(on.at(1) == status::pending);
}
CELL(op_retry_pivot) {
  stuck_pivot(on).op(event_kind::op_retry, 2);
  CHECK(on.sent() == "fence 2#1");
  CHECK(on.at(2) == status::resolving);
}
TEST_CASE("op_retry_pivot: without a fence its command") {
  scene on(unfenced_pivot());
  on.start().ok(0).say(event_kind::cancel).op(event_kind::op_retry, 1);
  CHECK(on.sent() == "do 1");
}
CELL(op_done) {
  stuck_pivot(on).op(event_kind::op_done, 2);
  CHECK(on.sent() == "do 3");
}
CELL(op_not_done) {
  stuck_pivot(on).op(event_kind::op_not_done, 2);
  CHECK(on.sent() == "undo 1#1");
  CHECK(on.at(2) == status::settled);
}
CELL(op_retry_undo) {
  stuck_undo(on).op(event_kind::op_retry, 0);
  CHECK(on.sent() == "undo 0#1");
}
CELL(op_settle) {
  stuck_undo(on).op(event_kind::op_settle, 0);
  CHECK(on.sent() == "aborted");
  CHECK(finished(on.s));
}
CELL(op_undo_again) {
  on.play(vending()).start().say(event_kind::cancel).undone(0).op(event_kind::op_retry, 0);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 0#2");
}
CELL(op_retry_surplus) {
  stuck_surplus(on).op(event_kind::op_retry, 0, true, 9);
  CHECK(on.sent() == "undo 0#1@9");
}
CELL(op_settle_surplus) {
  stuck_surplus(on).op(event_kind::op_settle, 0, true, 9);
  CHECK_FALSE(item_open(on.s));
}
CELL(op_settle_conflict) {
  on.play(no_pivot()).start().ok(0).ok(1).undone(0, 1);
  CHECK_FALSE(finished(on.s));
  on.op(event_kind::op_settle, whole_saga);
  CHECK(finished(on.s));
}
CELL(op_refused) {
  for (auto kind : {event_kind::op_retry, event_kind::op_settle, event_kind::op_done,
                    event_kind::op_not_done}) {
    on.play(vending()).start().op(kind, 0);
    CHECK(on.said() == verdict::refused);
    CHECK(on.sent().empty());
  }
}
CELL(overflow_undos) {
  on.play(vending()).start().say(event_kind::cancel).undone(0);
  on.s.steps[0].n = 0xfff0;
  on.op(event_kind::op_retry, 0);
  CHECK(on.said() == verdict::refused);
}

CELL(pause_running) {
  on.play(vending()).start().say(event_kind::pause);
  CHECK(on.s.paused);
  CHECK(next_due_ms(on.s) == 0);
}
CELL(pause_aborting) {
  on.play(vending()).start().say(event_kind::cancel).say(event_kind::pause);
}
CELL(pause_again) {
  on.play(vending()).start().say(event_kind::pause).say(event_kind::pause);
}
CELL(pause_refused) {
  on.play(vending()).say(event_kind::pause);
}
CELL(resume_refused) {
  on.play(vending()).start().say(event_kind::resume);
}
CELL(resume_applies) {
  on.play(vending()).start().say(event_kind::pause).ok(0).say(event_kind::cancel);
  on.say(event_kind::resume);
  CHECK(on.sent() == "do 1, undo 1#1");
  CHECK(on.s.held.empty());
  REQUIRE(on.held_cells.size() == 2);
  CHECK(table[on.held_cells[0]].name == "ok_running_pending");
  CHECK(table[on.held_cells[1]].name == "cancel_aborts");
}
TEST_CASE("resume_applies: timers go on with what was left of them") {
  auto d = saga_of({compensatable("a"), with_previous(compensatable("b"))});
  d.deadline = 10s;
  scene on(d);
  on.start();
  on.now_ms = 1400;
  on.say(event_kind::pause);
  on.now_ms = 50000;
  on.ok(0).timer(1).say(event_kind::resume);
  CHECK(on.s.steps[1].due_ms == 50600);
  CHECK(on.s.deadline_ms == 59600);
  CHECK(on.at(0) == status::done);
}
CELL(paused_holds) {
  on.play(vending()).start().say(event_kind::pause).ok(0);
  CHECK(on.said() == verdict::held);
  CHECK(on.at(0) == status::pending);
}
CELL(paused_holds_again) {
  on.play(vending()).start().say(event_kind::pause).ok(0).ok(0);
  CHECK(on.s.held.size() == 1);
}
CELL(paused_timer) {
  on.play(vending()).start().say(event_kind::pause).timer(0);
  CHECK(on.s.steps[0].due_ms != 0);
}
CELL(paused_operator) {
  on.play(vending()).start().say(event_kind::pause).op(event_kind::op_retry, 0);
  CHECK(on.said() == verdict::refused);
}
CELL(overflow_held) {
  on.play(vending()).start().say(event_kind::pause);
  for (std::uint16_t n = 1; n <= max_held; ++n) on.undone(0, n);
  CHECK(on.said() == verdict::held);
  on.undone(0, 1000);
  CHECK(on.said() == verdict::overflow);
}
TEST_CASE("overflow_held: what is held can always be applied") {
  scene on(vending());
  on.start().say(event_kind::pause);
  std::uint64_t k = 1;
  while (on.ok(1, k).said() == verdict::held) ++k;
  CHECK(on.said() == verdict::overflow);
  on.say(event_kind::resume);
  CHECK(on.s.parked.size() == k - 1);
}
TEST_CASE("only the first 32 recorded inputs count as journaled; a finished saga counts none") {
  scene on(vending());
  on.start();
  for (int i = 0; i < 40; ++i) on.refused(1);
  CHECK(on.s.recorded == max_recorded);  // so that the journal says all that the state knows
  on.play(vending()).say(event_kind::cancel).refused(1);
  CHECK(on.s.recorded == 0);
}
