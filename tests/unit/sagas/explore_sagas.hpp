// Definitions for the tests of the model checker, written as plain data: what they leave out of the
// DSL (fields, guards that can be evaluated) the checker does not look at.
#pragma once
#include "skald/model.hpp"

namespace skald::test {
inline step commanded(string_view name, std::uint8_t stage) {
  step s{.name = name, .within = 5s, .retry = {.times = 3}, .stage = stage};
  s.send = {.type = "test.Do.v1", .participant = name};
  s.done = "test.Done.v1";
  s.failed.push("test.Failed.v1");
  return s;
}
inline step compensatable(string_view name, std::uint8_t stage) {
  auto s = commanded(name, stage);
  s.undo = undo(command{.type = "test.Undo.v1", .participant = name});
  return s;
}
inline step pivot(string_view name, std::uint8_t stage) {
  auto s = commanded(name, stage);
  s.fence = {.type = "test.Fence.v1", .participant = name};
  s.undo = irreversible;
  return s;
}
inline step retriable_step(string_view name, std::uint8_t stage) {
  auto s = commanded(name, stage);
  s.failed = {};
  s.retry.times = 10;
  s.undo = retriable;
  return s;
}
inline step awaited(string_view name, std::uint8_t stage, unclaimed when_unclaimed) {
  step s{.name = name, .within = 60s, .stage = stage};
  s.await.event = "test.Paid.v1";
  s.await.topic = "customers";
  s.await.correlate = "/key";
  s.await.unclaimed = when_unclaimed;
  s.done = s.await.event;
  s.failed.push("test.CardDeclined.v1");
  s.occurrence = {"test.Paid.v1", "/payment_id"};
  s.undo = undo(command{.type = "test.Refund.v1", .participant = "bank"});
  return s;
}
inline guard some_guard() {
  guard g;
  g.tokens.push({.kind = token::type::literal});
  return g;
}
inline definition saga_of(string_view name, std::initializer_list<step> steps) {
  definition d{.name = name, .version = 1, .starts = {"test.Start.v1", "/key", {}}};
  for (auto& s : steps) d.steps.push(s);
  return d;
}

// The machine charges the customer: reserve, charge, dispense.
inline definition vending() {
  return saga_of("vending",
                 {compensatable("reserve", 0), compensatable("charge", 1), pivot("dispense", 2)});
}
// The customer pays by himself: early, late, twice.
inline definition paid_by_customer(unclaimed u = unclaimed::undo) {
  auto d = saga_of("vending-await",
                   {compensatable("reserve", 0), awaited("pay", 1, u), pivot("dispense", 2)});
  d.deadline = 120s;
  return d;
}
inline definition single_await() {
  return saga_of("single-await", {awaited("pay", 0, unclaimed::undo)});
}
inline definition no_pivot() {
  return saga_of("no-pivot", {compensatable("pay", 0), retriable_step("notify", 1)});
}
}  // namespace skald::test
