// The row `ok`.
#include "machine_scene.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
// charge is pending and the saga is aborting: reserve waits for charge's undo.
scene& aborting(scene& on, const definition& d = vending()) {
  return on.play(d).start().ok(0).say(event_kind::cancel);
}
scene& aborted(scene& on, const definition& d = vending()) {
  return aborting(on, d).undone(1).undone(0);
}
definition unfenced_charge() {
  return saga_of({compensatable("reserve"), unfenced(compensatable("charge")), pivot("dispense")});
}
}  // namespace

CELL(ok_none) {
  on.play(vending()).ok(1, 8);
  CHECK(on.said() == verdict::parked);
  on.ok(1, 9);
  CHECK(on.s.parked.size() == 2);
  CHECK(on.s.phase == phase::none);
}
CELL(ok_none_again) {
  on.play(vending()).ok(1, 8).ok(1, 8);
  CHECK(on.said() == verdict::duplicate);
  CHECK(on.s.parked.size() == 1);
}
CELL(ok_running_pending) {
  on.play(vending()).start().ok(0, 8);
  CHECK(on.at(0) == status::done);
  CHECK(on.s.steps[0].accepted == 8);
  CHECK(on.s.steps[0].due_ms == 0);
  CHECK(on.sent() == "do 1");
}
CELL(ok_running_found) {
  on.play(vending()).start().ok(0).ok(1).say(event_kind::cancel);
  CHECK(on.at(2) == status::resolving);
  on.ok(2);
  CHECK(on.at(2) == status::done);
  CHECK(on.sent() == "do 3");
}
TEST_CASE("ok_running_found: at the operator") {
  scene on(no_pivot());
  on.start().ok(0).exhaust(1);
  CHECK(on.at(1) == status::to_operator);
  CHECK(on.sent() == "stuck");
  on.ok(1);
  CHECK(on.sent() == "completed");
}
CELL(ok_running_idle) {
  on.play(vending()).start().ok(1, 8);
  CHECK(on.said() == verdict::parked);
  CHECK(on.at(1) == status::idle);
  CHECK(on.s.parking_ms == 0);
}
CELL(ok_running_idle_again) {
  on.play(vending()).start().ok(1, 8).ok(1, 8);
  CHECK(on.said() == verdict::duplicate);
}
CELL(ok_running_again) {
  on.play(vending()).start().ok(0, 8).ok(0, 8);
  CHECK(on.said() == verdict::duplicate);
  CHECK(on.s.recorded == 1);
}
CELL(ok_confirms) {
  on.play(no_pivot()).start().ok(0).exhaust(1).op(event_kind::op_done, 1);
  CHECK(on.sent() == "completed");
  on.ok(1, 8);
  CHECK(on.s.steps[1].accepted == 8);
  CHECK(finished(on.s));
}
CELL(ok_doubts) {
  on.play(no_pivot()).start().ok(0).exhaust(1).op(event_kind::op_done, 1, false);
  CHECK(on.sent() == "completed");
  on.ok(1, 8);
  CHECK(on.said() == verdict::surplus);
  CHECK(item_open(on.s));
}
CELL(ok_running_surplus) {
  on.play(vending()).start().ok(0, 8).ok(0, 9);
  CHECK(on.said() == verdict::surplus);
  CHECK(on.sent() == "undo 0#1@9");
  CHECK(on.at(0) == status::done);
  CHECK(on.s.steps[0].accepted == 8);
}
TEST_CASE("ok_running_surplus: the step's policy") {
  auto d = vending();
  d.steps[0].surplus = surplus::ignore;
  d.steps[1].surplus = surplus::to_operator;
  scene on(d);
  on.start().ok(0, 8).ok(0, 9);
  CHECK(on.sent().empty());
  CHECK_FALSE(item_open(on.s));
  on.ok(1, 8).ok(1, 9);
  CHECK(item_open(on.s));
}
TEST_CASE("ok_running_surplus: a harmless step's is ignored, a pivot's is the operator's") {
  scene on(saga_of({harmless_step("look"), pivot("dispense"), retriable_step("receipt")}));
  on.start().ok(0, 8).ok(0, 9);
  CHECK_FALSE(item_open(on.s));
  on.ok(1, 8).ok(1, 9);
  CHECK(item_open(on.s));
}
CELL(ok_running_skipped) {
  on.play(saga_of({guarded(compensatable("gift")), compensatable("charge")}));
  on.false_guards = 1;
  on.start().ok(0, 8);
  CHECK(on.sent() == "undo 0#1@8");
  CHECK(on.at(0) == status::skipped);
}
CELL(ok_aborting_again) {
  on.play(pair()).start().ok(0, 8).say(event_kind::cancel).ok(0, 8);
  CHECK(on.said() == verdict::duplicate);
}
CELL(ok_aborting_pending) {
  on.play(saga_of({compensatable("a"), with_previous(compensatable("b")), compensatable("c"),
                   compensatable("d")}));
  on.ok(2).start().ok(0).say(event_kind::cancel);  // c was parked: its undo goes first
  CHECK(on.sent() == "undo 2#1");
  on.ok(1);
  CHECK(on.at(1) == status::done);
  CHECK(on.sent().empty());
}
CELL(ok_aborting_done) {
  aborting(on).ok(0, 9);
  CHECK(on.at(0) == status::done);
  CHECK(on.sent().empty());
  CHECK(on.s.counted.size() == 1);
}
CELL(ok_aborting_late) {
  on.play(pair()).start().declined(1).ok(1);
  CHECK(on.at(1) == status::undoing);
  CHECK(on.sent() == "undo 1#1");
}
CELL(ok_aborting_fenced) {
  aborting(on).ok(1);
  CHECK(on.said() == verdict::recorded);
  CHECK(on.at(1) == status::undoing);
}
CELL(ok_aborting_dirty) {
  aborting(on, unfenced_charge()).ok(1);
  CHECK(on.s.steps[1].dirty);
  CHECK(on.sent().empty());
}
TEST_CASE("ok_aborting_dirty: undone again with the next n, once for each occurrence") {
  scene on;
  aborting(on, unfenced_charge()).ok(1).undone(1);
  CHECK(on.sent() == "undo 1#2");
  on.ok(1);
  CHECK(on.said() == verdict::duplicate);
  on.undone(1, 1);
  CHECK(on.at(1) == status::undoing);
  on.undone(1);
  CHECK(on.sent() == "undo 0#1");
}
CELL(ok_aborting_undone_again) {
  aborting(on, unfenced_charge()).undone(1).ok(1);
  CHECK(on.sent() == "undo 1#2");
  CHECK(on.at(1) == status::undoing);
}
CELL(ok_aborting_conflict) {
  aborting(on).ok(2);
  CHECK(on.said() == verdict::conflict);
  CHECK(on.s.conflicts == 1u << 2);
  CHECK(on.at(2) == status::idle);
}
CELL(ok_aborting_await) {
  on.play(customer_pays()).start().ok(0).ok(1, 8).say(event_kind::cancel);
  CHECK(on.sent() == "fence 2#1");
  on.undone(2);
  CHECK(on.sent() == "undo 1#1@8");
  on.ok(1, 9);
  CHECK(on.sent() == "undo 1#2@9");
}
TEST_CASE("ok_aborting_await: declined by the abort, then paid") {
  scene on(customer_pays());
  on.start().ok(0).say(event_kind::cancel);
  CHECK(on.at(1) == status::declined);
  CHECK(on.sent() == "undo 0#1");
  on.ok(1, 8);
  CHECK(on.sent() == "undo 1#1@8");
  on.undone(0);
  CHECK(on.s.phase == phase::aborting);
  on.undone(1);
  CHECK(on.sent() == "aborted");
}
CELL(ok_aborted_again) {
  on.play(pair()).start().ok(0, 8).say(event_kind::cancel).undone(0).undone(1).ok(0, 8);
  CHECK(on.said() == verdict::duplicate);
  CHECK_FALSE(on.last.changed);
  CHECK(on.s.recorded == 0);  // a finished saga does not count
}
CELL(ok_aborted_late) {
  on.play(vending()).start().declined(0).ok(0);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 0#1");
}
CELL(ok_aborted_fenced) {
  aborted(on).ok(1);
  CHECK(on.said() == verdict::recorded);
  CHECK(on.s.phase == phase::aborted);
}
CELL(ok_aborted_undone_again) {
  aborted(on, unfenced_charge()).ok(1);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 1#2");
}
CELL(ok_aborted_conflict) {
  aborted(on).ok(2);
  CHECK(on.s.conflicts == 1u << 2);
  CHECK(on.sent() == "stuck");
}
CELL(ok_aborted_await) {
  on.play(customer_pays()).say(event_kind::cancel).ok(1, 8);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 1#1@8");
  on.undone(1);
  CHECK(on.sent() == "aborted");
  on.ok(1, 8);
  CHECK(on.said() == verdict::duplicate);
  on.ok(1, 9);
  CHECK(on.sent() == "undo 1#2@9");
}
CELL(ok_stranger) {
  on.play(saga_of({await_step("pay", unclaimed::ignore), pivot("dispense")}));
  on.ok(0, 8).say(event_kind::parking_over).ok(0, 9);
  CHECK(on.sent().empty());
  CHECK(on.s.phase == phase::aborted);
  CHECK(finished(on.s));
}
TEST_CASE("ok_stranger: until a start claims the key") {
  scene on(saga_of({await_step("pay", unclaimed::ignore), pivot("dispense")}));
  on.ok(0, 8).say(event_kind::parking_over).ok(0, 9).start();
  CHECK(on.sent() == "undo 0#1@8, undo 0#2@9");
  on.ok(0, 10);
  CHECK(on.sent() == "undo 0#3@10");
}
CELL(ok_after_word) {
  aborting(on).exhaust(1).op(event_kind::op_settle, 1, false).ok(1);
  CHECK(on.said() == verdict::conflict);
  CHECK(item_open(on.s));
}
CELL(ok_completed_again) {
  on.play(no_pivot()).start().ok(0, 8).ok(1).ok(0, 8);
  CHECK(on.said() == verdict::duplicate);
}
CELL(ok_completed_surplus) {
  on.play(no_pivot()).start().ok(0, 8).ok(1).ok(0, 9);
  CHECK(on.sent() == "undo 0#1@9");
  CHECK(on.s.phase == phase::completed);
  CHECK_FALSE(finished(on.s));
}
CELL(ok_completed_skipped) {
  on.play(saga_of({guarded(await_step("gift")), compensatable("charge")}));
  on.false_guards = 1;
  on.start().ok(1).ok(0, 8);
  CHECK(on.sent() == "undo 0#1@8");
}
CELL(overflow_occurrences) {
  on.play(no_pivot()).start();
  for (std::uint64_t k = 1; k <= max_occurrences + 1; ++k) on.ok(0, k);
  const auto before = on.s;
  on.ok(0, 1000);
  CHECK(on.said() == verdict::overflow);
  CHECK(on.s.surpluses.size() == before.surpluses.size());
  CHECK(on.s.recorded == before.recorded);
}
TEST_CASE("overflow_occurrences: each step's first success has a place") {
  scene on(saga_of(
      {await_step("pay"), compensatable("reserve"), compensatable("charge"), pivot("dispense")}));
  on.start().ok(0, 1).declined(1);
  for (std::uint64_t k = 2; k <= max_occurrences + 1; ++k) on.ok(0, k);
  on.ok(0, 1000);
  REQUIRE(on.said() == verdict::overflow);
  on.ok(1, 7);  // it did it, and had said that it did not
  CHECK(on.said() == verdict::applied);
  CHECK(on.sent().find("undo 1") != std::string::npos);
  on.ok(3, 7);  // nobody sent it
  CHECK(on.said() == verdict::conflict);
  CHECK(on.s.counted.size() + on.s.surpluses.size() == max_occurrences + 1);
  on.ok(3, 8);
  CHECK(on.said() == verdict::overflow);
}
TEST_CASE("overflow_held: each step's first success has a place") {
  scene on(saga_of({await_step("pay"), compensatable("reserve"), pivot("dispense")}));
  on.start().ok(0, 1);
  for (std::uint64_t k = 2; k <= max_occurrences + 1; ++k) on.ok(0, k);
  on.say(event_kind::pause).ok(0, 1000);
  REQUIRE(on.said() == verdict::overflow);
  on.ok(1);
  CHECK(on.said() == verdict::held);
  on.say(event_kind::resume);
  CHECK(on.at(1) == status::done);
}
CELL(overflow_parked) {
  on.play(vending());
  for (std::uint64_t k = 1; k <= max_parked; ++k) on.ok(1, k);
  on.ok(1, 1000);
  CHECK(on.said() == verdict::overflow);
  CHECK(on.s.parked.size() == max_parked);
}
