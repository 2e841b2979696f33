// The rows `start`, `parking time over`, and what is parked.
#include "machine_scene.hpp"

using namespace skald;
using namespace skald::machine;

CELL(start_none) {
  on.play(vending()).start();
  CHECK(on.sent() == "started, do 0");
  CHECK(on.s.phase == phase::running);
  CHECK(on.at(0) == status::pending);
  CHECK(on.s.steps[0].due_ms == on.now_ms + 1000);
  CHECK(on.at(1) == status::idle);
}

TEST_CASE("start_none: the first parked occurrence is the ok, others are surplus") {
  scene on(customer_pays());
  on.ok(1, 8).ok(1, 9).start();
  CHECK(on.at(1) == status::idle);  // its stage is not entered yet
  on.ok(0);
  CHECK(on.at(1) == status::done);
  CHECK(on.s.steps[1].accepted == 8);
  CHECK(on.sent() == "undo 1#1@9, do 2");
  CHECK(on.s.parked.empty());
}

TEST_CASE("start_none: ok and decline parked for one step: done, then abort") {
  scene on(vending());
  on.declined(0).ok(0).start();
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "started, undo 0#1");
}

TEST_CASE("start_none: a parked decline aborts before anything is sent") {
  scene on(saga_of({compensatable("hotel"), with_previous(compensatable("flight"))}));
  on.declined(1).start();
  CHECK(on.s.phase == phase::aborted);
  CHECK(on.sent() == "started, aborted");
}

TEST_CASE("start_none: a parked decline of another occurrence than the parked ok is recorded") {
  scene on(customer_pays());
  on.declined(1, 8).ok(1, 9).start().ok(0);
  CHECK(on.at(1) == status::done);
  CHECK(on.sent() == "do 2");
}

TEST_CASE("start_none: a stage whose steps are all skipped is passed at once") {
  scene on(saga_of({guarded(compensatable("gift")), compensatable("charge")}));
  on.false_guards = 1;
  on.start();
  CHECK(on.at(0) == status::skipped);
  CHECK(on.sent() == "started, do 1");
  on.ok(1);
  CHECK(on.s.phase == phase::completed);
}

TEST_CASE("start_none: the deadline is armed") {
  auto d = vending();
  d.deadline = 10s;
  scene on(d);
  on.start();
  CHECK(on.s.deadline_ms == 11000);
  CHECK(next_due_ms(on.s) == 2000);
}

CELL(start_running) {
  on.play(vending()).start().start();
  CHECK(on.said() == verdict::duplicate);
  CHECK(on.sent().empty());
}

CELL(start_aborting) {
  on.play(vending()).start().say(event_kind::cancel).start();
  CHECK(on.said() == verdict::duplicate);
}

CELL(start_aborted) {
  on.play(vending()).say(event_kind::cancel).start();
  CHECK(on.said() == verdict::duplicate);
  CHECK(on.s.born_aborted);
  CHECK(on.sent().empty());
}

CELL(start_claims) {
  on.play(saga_of({await_step("pay", unclaimed::ignore), pivot("dispense")}));
  on.ok(0, 8).say(event_kind::parking_over);
  CHECK(on.sent().empty());
  on.start();
  CHECK(on.sent() == "undo 0#1@8");
  CHECK_FALSE(finished(on.s));
  CHECK(on.s.phase == phase::aborted);
}

CELL(start_completed) {
  on.play(no_pivot()).start().ok(0).ok(1);
  CHECK(on.sent() == "completed");
  on.start();
  CHECK(on.said() == verdict::duplicate);
  CHECK_FALSE(on.last.changed);
}

CELL(parking_undone) {
  on.play(customer_pays()).ok(1, 8).ok(1, 9);
  CHECK(on.s.parking_ms == on.now_ms + 60000);
  on.say(event_kind::parking_over);
  CHECK(on.s.phase == phase::aborting);
  CHECK(on.sent() == "undo 1#1@9, undo 1#2@8");
}

CELL(parking_ignored) {
  on.play(saga_of({await_step("pay", unclaimed::ignore), pivot("dispense")}));
  on.ok(0, 8).ok(0, 9).say(event_kind::parking_over);
  CHECK(on.s.phase == phase::aborted);
  CHECK(on.s.born_aborted);
  CHECK(on.sent().empty());
  CHECK(finished(on.s));
}

CELL(parking_dropped) {
  on.play(customer_pays()).declined(0).say(event_kind::parking_over);
  CHECK(on.s.phase == phase::none);
  CHECK(finished(on.s));
}

TEST_CASE("parking_dropped: a start that comes later runs") {
  scene on(customer_pays());
  on.declined(0).say(event_kind::parking_over).start();
  CHECK(on.sent() == "started, do 0");
}

CELL(parking_old) {
  on.play(vending()).start().say(event_kind::parking_over);
  CHECK_FALSE(on.last.changed);
}

TEST_CASE("parking_undone: a pivot's success without a start is a conflict") {
  scene on(vending());
  on.ok(2).say(event_kind::parking_over);
  CHECK(on.s.conflicts == 1u << 2);
  CHECK(on.sent() == "aborted, stuck");
}
