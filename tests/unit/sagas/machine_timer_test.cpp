// The rows `timer`, `cancel, deadline`, and the order in which an abort undoes.
#include "machine_scene.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
scene& at_pivot(scene& on, const definition& d = vending()) {
  return on.play(d).start().ok(0).ok(1);
}
scene& notified(scene& on) {
  return on.play(no_pivot()).start().ok(0).ok(1);
}
}  // namespace

CELL(timer_none) {
  on.play(vending()).on({.kind = event_kind::timer, .step = 0, .arm = 0});
}
CELL(timer_old) {
  on.play(vending()).start().timer(0);
  on.on({.kind = event_kind::timer, .step = 0, .arm = 1});
  CHECK_FALSE(on.last.changed);
  CHECK(on.s.recorded == 0);
}
CELL(timer_resends) {
  on.play(vending()).start().timer(0);
  CHECK(on.sent() == "do 0");
  CHECK(on.actions[0].attempt == 2);
  CHECK(on.actions[0].n == 0);
  const auto wait = on.s.steps[0].due_ms - on.now_ms;  // within, and 200 ms less up to 20 %
  CHECK(wait >= 1160);
  CHECK(wait <= 1200);
}
CELL(timer_aborts) {
  on.play(vending()).start().exhaust(0);
  CHECK(on.sent() == "undo 0#1");
  CHECK(on.at(0) == status::undoing);
}
TEST_CASE("timer_aborts: an await waits once, and becomes declined") {
  scene on(customer_pays());
  on.start().ok(0).timer(1);
  CHECK(on.at(1) == status::declined);
  CHECK(on.sent() == "undo 0#1");
}
CELL(timer_resolves) {
  at_pivot(on).exhaust(2);
  CHECK(on.at(2) == status::resolving);
  CHECK(on.sent() == "fence 2#1");
}
CELL(timer_pivot) {
  on.play(unfenced_pivot()).start().ok(0).exhaust(1);
  CHECK(on.at(1) == status::to_operator);
  CHECK(on.sent() == "stuck");
}
CELL(timer_retriable) {
  on.play(no_pivot()).start().ok(0).exhaust(1);
  CHECK(on.at(1) == status::to_operator);
  CHECK(stuck(on.d, on.s));
}
CELL(timer_fence) {
  at_pivot(on).say(event_kind::cancel).timer(2);
  CHECK(on.sent() == "fence 2#1");
}
CELL(timer_fence_last) {
  at_pivot(on).say(event_kind::cancel).timer(2).timer(2);
  CHECK(on.at(2) == status::to_operator);
  CHECK(on.at(1) == status::done);  // nothing is undone before the pivot is known
}
CELL(timer_pending_aborting) {
  on.play(saga_of({compensatable("a"), compensatable("b")})).ok(1).start();
  on.say(event_kind::cancel);
  CHECK(on.sent() == "undo 1#1");
  on.timer(0);
  CHECK(on.sent().empty());
}
CELL(timer_undo) {
  on.play(vending()).start().say(event_kind::cancel).timer(0);
  CHECK(on.sent() == "undo 0#1");
}
CELL(timer_undo_last) {
  on.play(vending()).start().ok(0).say(event_kind::cancel).timer(1).timer(1);
  CHECK(on.at(1) == status::to_operator);
  CHECK(on.sent() == "undo 0#1");
  on.undone(0);
  CHECK(on.s.phase == phase::aborting);
  CHECK(stuck(on.d, on.s));
  CHECK(on.sent() == "stuck");
  on.play(vending()).start().say(event_kind::cancel).timer(0).timer(0);
}
TEST_CASE("timer_undo_last: strict_order holds the others back") {
  auto d = vending();
  d.strict_order = true;
  scene on(d);
  on.start().ok(0).say(event_kind::cancel).timer(1).timer(1);
  CHECK(on.sent() == "stuck");
  CHECK(on.at(0) == status::done);
}
CELL(timer_aborted) {
  on.play(vending()).say(event_kind::cancel).timer(0);
}
CELL(timer_completed) {
  notified(on).timer(1);
}
CELL(timer_surplus) {
  paid_twice(on).surplus_timer(0, 9);
  CHECK(on.sent() == "undo 0#1@9");
}
CELL(timer_surplus_last) {
  paid_twice(on).ok(1).surplus_timer(0, 9).surplus_timer(0, 9);
  CHECK(on.s.phase == phase::completed);
  CHECK(on.sent() == "stuck");
}
CELL(timer_surplus_old) {
  paid_twice(on).undone(0, 1).surplus_timer(0, 9);
}

CELL(cancel_none) {
  on.play(vending()).say(event_kind::cancel);
  CHECK(on.s.phase == phase::aborted);
  CHECK(on.s.born_aborted);
  CHECK(on.sent() == "aborted");
}
CELL(cancel_none_parked) {
  on.play(customer_pays()).ok(1, 8).say(event_kind::cancel);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 1#1@8");
}
CELL(cancel_too_late) {
  at_pivot(on).ok(2).say(event_kind::cancel);
  CHECK(on.said() == verdict::refused);
}
TEST_CASE("cancel_too_late: without a pivot, the first retriable command decides") {
  scene on(no_pivot());
  on.start().ok(0).say(event_kind::cancel);
  CHECK(on.said() == verdict::refused);
}
TEST_CASE("cancel_too_late: the pivot is skipped") {
  scene on(saga_of({compensatable("charge"), guarded(pivot("dispense")), retriable_step("note")}));
  on.false_guards = 2;
  on.start().ok(0).say(event_kind::cancel);
  CHECK(on.at(1) == status::skipped);
  CHECK(on.said() == verdict::refused);
}
CELL(cancel_resolves) {
  at_pivot(on).say(event_kind::cancel);
  CHECK(on.sent() == "fence 2#1");
  CHECK(on.s.phase == phase::running);
}
CELL(cancel_pivot) {
  on.play(unfenced_pivot()).start().ok(0).say(event_kind::cancel);
  CHECK(on.at(1) == status::to_operator);
  CHECK(on.at(0) == status::done);
}
CELL(cancel_waits) {
  at_pivot(on).say(event_kind::cancel).say(event_kind::cancel);
}
CELL(cancel_aborts) {
  on.play(vending()).start().ok(0).say(event_kind::cancel);
  CHECK(on.sent() == "undo 1#1");  // pending: it may have taken effect
  CHECK(on.at(0) == status::done);
}
CELL(cancel_aborting) {
  on.play(vending()).start().say(event_kind::cancel).say(event_kind::cancel);
}
CELL(cancel_aborted) {
  on.play(vending()).say(event_kind::cancel).say(event_kind::cancel);
}
CELL(cancel_completed) {
  notified(on).say(event_kind::cancel);
  CHECK(on.said() == verdict::refused);
}
CELL(deadline_old) {
  on.play(vending()).start().say(event_kind::deadline);
}
TEST_CASE("the deadline aborts, once") {
  auto d = vending();
  d.deadline = 10s;
  scene on(d);
  on.start().say(event_kind::deadline);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.s.deadline_ms == 0);
  CHECK(table[on.last.cell].name == "cancel_aborts");
}

TEST_CASE("an abort undoes stage by stage in reverse, a stage's steps together") {
  scene on(saga_of({compensatable("a"), with_previous(compensatable("b")), compensatable("c")}));
  on.start().ok(0).ok(1).timer(2).timer(2);
  CHECK(on.sent() == "undo 2#1");
  on.undone(2);
  CHECK(on.sent() == "undo 0#1, undo 1#1");
  on.undone(0).undone(1);
  CHECK(on.sent() == "aborted");
}
TEST_CASE("parallel_undo undoes all at once") {
  auto d = vending();
  d.parallel_undo = true;
  scene on(d);
  on.start().ok(0).say(event_kind::cancel);
  CHECK(on.sent() == "undo 1#1, undo 0#1");
}
TEST_CASE("a harmless step is settled at once") {
  scene on(saga_of({compensatable("a"), harmless_step("b"), compensatable("c")}));
  on.start().ok(0).ok(1).declined(2);
  CHECK(on.sent() == "undo 0#1");
  CHECK(on.at(1) == status::settled);
}
TEST_CASE("due events come earliest first, at the batch's time") {
  auto d = no_pivot();
  d.deadline = 500ms;
  scene on(d);
  on.start().ok(0, 8).ok(0, 9);
  std::vector<event> due;
  due_events(on.s, 1499, due);
  CHECK(due.empty());
  due_events(on.s, 9000, due);
  REQUIRE(due.size() == 3);
  CHECK(due[0].kind == event_kind::deadline);
  CHECK(due[1].step == 1);
  CHECK(due[2].occurrence == 9);
  CHECK(due[2].at_ms == 9000);
}
