// The rows `declined`, `refused`, `retry` and `undone`.
#include "machine_scene.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
// dispense is resolving: its fence is out.
scene& resolving(scene& on) {
  return on.play(vending()).start().ok(0).ok(1).say(event_kind::cancel);
}
scene& completed(scene& on) {
  return on.play(customer_pays()).start().ok(0, 8).ok(1, 9).ok(2, 5);
}
// hotel is pending and has to wait until the later stage, whose ok was parked, is undone.
scene& pending_below(scene& on) {
  return on
      .play(saga_of({compensatable("a"), with_previous(compensatable("b")), compensatable("c")}))
      .ok(2)
      .start()
      .ok(0)
      .say(event_kind::cancel);
}
}  // namespace

CELL(declined_none) {
  on.play(vending()).declined(0);
  CHECK(on.said() == verdict::parked);
}
CELL(declined_none_again) {
  on.play(vending()).declined(0).declined(0);
}
CELL(declined_retriable) {
  on.play(no_pivot()).start().ok(0).declined(1);
  CHECK(on.at(1) == status::pending);
  CHECK(on.sent().empty());
  on.timer(1);
  CHECK(on.sent() == "do 1");
  on.play(no_pivot()).start().ok(0).declined(1);
  CHECK(on.s.steps[1].due_ms <= on.now_ms + 200);
}
CELL(declined_retriable_last) {
  on.play(no_pivot()).start().ok(0).declined(1).timer(1);
  CHECK(on.sent() == "do 1");
  on.declined(1);
  CHECK(on.s.steps[1].due_ms != 0);
}
CELL(declined_pending) {
  on.play(vending()).start().ok(0).declined(1);
  CHECK(on.at(1) == status::declined);
  CHECK(on.sent() == "undo 0#1");
}
CELL(declined_pivot) {
  resolving(on).declined(2);
  CHECK(on.sent() == "undo 1#1");
}
CELL(declined_idle) {
  on.play(vending()).start().declined(1);
  CHECK(on.said() == verdict::parked);
}
CELL(declined_idle_again) {
  on.play(vending()).start().declined(1).declined(1);
}
CELL(declined_running) {
  on.play(vending()).start().ok(0, 8).declined(0, 9);
  CHECK(on.said() == verdict::recorded);
  CHECK(on.s.phase == phase::running);
}
CELL(declined_contradicts) {
  on.play(vending()).start().ok(0, 8).declined(0, 8);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 1#1");  // charge may have taken effect
}
CELL(declined_conflict) {
  on.play(vending()).start().ok(0, 8).ok(1).declined(0, 8);
  CHECK(on.said() == verdict::conflict);
  CHECK(on.at(2) == status::pending);
  CHECK(on.sent().empty());
}
CELL(declined_aborting) {
  pending_below(on).declined(1);
  CHECK(on.at(1) == status::declined);
  on.undone(2);
  CHECK(on.sent() == "undo 0#1");
  pending_below(on).declined(1);
}
CELL(declined_aborting_else) {
  pending_below(on).declined(0);
}
CELL(declined_aborted) {
  on.play(vending()).start().declined(0).declined(0);
  CHECK(on.said() == verdict::recorded);
}
CELL(declined_completed) {
  completed(on).declined(1, 9);
  CHECK(on.said() == verdict::conflict);
  CHECK(on.sent() == "stuck");
}
CELL(declined_completed_else) {
  completed(on).declined(1, 10);
  CHECK(on.said() == verdict::recorded);
  CHECK(finished(on.s));
}
CELL(refused_none) {
  on.play(vending()).refused(0);
}
CELL(refused_pending) {
  on.play(vending()).start().ok(0).refused(1);
  CHECK(on.at(1) == status::declined);
  CHECK(on.sent() == "undo 0#1");
}
CELL(refused_running) {
  on.play(vending()).start().ok(0).refused(0);
}
CELL(refused_aborting) {
  pending_below(on).refused(1);
  CHECK(on.at(1) == status::declined);
}
CELL(refused_aborting_else) {
  pending_below(on).refused(0);
}
CELL(refused_aborted) {
  on.play(vending()).start().declined(0).refused(0);
}
CELL(refused_completed) {
  completed(on).refused(0);
}

CELL(retry_none) {
  on.play(vending()).retry(0);
}
CELL(retry_running) {
  on.play(vending()).start().retry(0, 0, 5000);
  CHECK(on.s.steps[0].due_ms == on.now_ms + 5000);
  CHECK(on.s.steps[0].waiting);
  CHECK(on.at(0) == status::pending);
}
TEST_CASE("retry_running: the same key is sent again, and the reply counted as an attempt") {
  scene on(vending());
  on.start().retry(0, 0, 5000).timer(0);
  CHECK(on.sent() == "do 0");
  CHECK(on.actions[0].attempt == 2);
  on.timer(0);
  CHECK(on.s.phase == phase::aborting);
}
TEST_CASE("retry_running: of a fence") {
  scene on;
  resolving(on).retry(2, 1, 50).timer(2);
  CHECK(on.sent() == "fence 2#1");
}
CELL(retry_last) {
  on.play(vending()).start().timer(0).retry(0);
  CHECK(on.said() == verdict::recorded);
  CHECK(on.s.steps[0].due_ms > on.now_ms);
}
CELL(retry_running_else) {
  on.play(vending()).start().retry(0).retry(0);
  CHECK(on.said() == verdict::recorded);
}
CELL(retry_aborting) {
  on.play(vending()).start().say(event_kind::cancel).retry(0, 1, 9000);
  CHECK(on.s.steps[0].due_ms == on.now_ms + 9000);
  CHECK(on.at(0) == status::undoing);
}
CELL(retry_aborting_else) {
  on.play(vending()).start().say(event_kind::cancel).retry(0, 0);
  CHECK_FALSE(on.s.steps[0].waiting);
}
CELL(retry_aborted) {
  on.play(vending()).start().declined(0).retry(0);
}
CELL(retry_completed) {
  completed(on).retry(0);
}
CELL(retry_surplus) {
  paid_twice(on).retry(0, 1, 9000);
  CHECK(on.s.surpluses[0].due_ms == on.now_ms + 9000);
}
CELL(retry_surplus_else) {
  paid_twice(on).retry(0, 1).retry(0, 1);
}

CELL(undone_none) {
  on.play(vending()).undone(0, 1);
}
CELL(undone_old) {
  resolving(on).undone(2, 2);
  CHECK(on.at(2) == status::resolving);
}
CELL(undone_pivot) {
  resolving(on).undone(2);
  CHECK(on.at(2) == status::settled);
  CHECK(on.sent() == "undo 1#1");
}
CELL(undone_doubts) {
  resolving(on).exhaust(2).op(event_kind::op_not_done, 2, false);
  CHECK(on.s.phase == phase::aborting);
  on.undone(2);
  CHECK(on.said() == verdict::conflict);
}
CELL(undone_aborting_old) {
  on.play(pair()).start().say(event_kind::cancel).undone(0, 2);
  CHECK(on.at(0) == status::undoing);
}
CELL(undone_dirty) {
  auto d = no_pivot();
  d.steps[0].no_fence = true;
  on.play(d).start().say(event_kind::cancel).ok(0).undone(0);
  CHECK(on.sent() == "undo 0#2");
}
CELL(undone_settles) {
  on.play(pair()).start().say(event_kind::cancel);
  CHECK(on.sent() == "undo 0#1, undo 1#1");
  on.undone(1);
  CHECK(on.at(1) == status::settled);
  CHECK(on.s.phase == phase::aborting);
}
CELL(undone_last) {
  on.play(pair()).start().say(event_kind::cancel).undone(1).undone(0);
  CHECK(on.sent() == "aborted");
  CHECK(finished(on.s));
}
CELL(undone_aborting_again) {
  on.play(pair()).start().say(event_kind::cancel).undone(1).undone(1);
  CHECK(on.said() == verdict::duplicate);
}
CELL(undone_aborted) {
  on.play(pair()).start().say(event_kind::cancel).undone(1).undone(0).undone(0);
  CHECK(on.said() == verdict::duplicate);
}
CELL(undone_completed) {
  completed(on).undone(0, 1);
  CHECK(on.said() == verdict::conflict);
  CHECK(on.sent() == "stuck");
}
CELL(undone_surplus) {
  paid_twice(on).undone(0, 1);
  CHECK(on.s.surpluses[0].now == surplus_state::state::closed);
  CHECK(on.s.phase == phase::running);
}
CELL(undone_surplus_again) {
  paid_twice(on).undone(0, 1).undone(0, 1);
}
CELL(undone_surplus_doubts) {
  paid_twice(on).exhaust_surplus(0, 9).op(event_kind::op_settle, 0, false, 9);
  CHECK_FALSE(item_open(on.s));
  on.undone(0, 1);
  CHECK(item_open(on.s));
}
CELL(malformed) {
  on.play(vending()).start().ok(4);
  CHECK(on.said() == verdict::recorded);
}
