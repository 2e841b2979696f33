// Shapes of sagas one by one: what docs/semantics.md promises for each holds in every world.
#include <doctest/doctest.h>

#include <cstdio>
#include <iterator>
#include <map>
#include <set>

#include "explore_sagas.hpp"
#include "sagas/explore/explore.hpp"
#include "sagas/explore/report.hpp"

using namespace skald;
using namespace skald::test;

namespace {
explore::report proven(const definition& d, const explore::options& o = {}) {
  auto r = explore::explore(d, o);
  INFO(explore::to_text(d, r));
  CHECK(r.verdict == explore::verdict::proven);
  REQUIRE(r.scenarios.size() >= 2);
  CHECK(r.scenarios[0].live);  // it can finish or reach the operator, from wherever it is
  CHECK(r.scenarios[1].live);  // and if nothing fails, it can always be COMPLETED
  std::printf("  %-34s %9zu states, depth %2d, %6.2f s\n", std::string(d.name).c_str(), r.states,
              r.depth, r.seconds);
  return r;
}
}  // namespace

TEST_CASE("two steps in parallel, and an await beside a command") {
  proven(saga_of("parallel",
                 {compensatable("flight", 0), compensatable("hotel", 0), pivot("confirm", 1)}));
  proven(saga_of("parallel await", {compensatable("reserve", 0), awaited("pay", 0, unclaimed::undo),
                                    pivot("dispense", 1)}));
}

TEST_CASE("parallel undo and strict order") {
  auto d = vending();
  d.name = "parallel undo";
  d.parallel_undo = true;
  proven(d);
  d = vending();
  d.name = "strict order";
  d.strict_order = true;
  proven(d);
  d = paid_by_customer();
  d.name = "strict order, await";
  d.strict_order = true;
  proven(d);
}

TEST_CASE("retriable tails, also in parallel, also without a pivot") {
  proven(no_pivot());
  proven(saga_of("await, no pivot",
                 {awaited("pay", 0, unclaimed::undo), retriable_step("notify", 1)}));
  proven(saga_of("parallel tail", {compensatable("reserve", 0), pivot("ship", 1),
                                   retriable_step("mail", 2), retriable_step("bill", 2)}));
  proven(saga_of("all retriable", {retriable_step("one", 0), retriable_step("two", 1)}));
}

TEST_CASE("a pivot first, a pivot without a fence, a pivot beside guards") {
  proven(saga_of("pivot first", {pivot("award", 0), retriable_step("bill", 1)}));
  auto d = vending();
  d.name = "pivot without fence";
  d.steps[2].fence = {};
  proven(d);
  d = saga_of("skipped pivot",
              {compensatable("reserve", 0), pivot("pay-out", 1), retriable_step("notify", 2)});
  d.steps[1].when = some_guard();
  proven(d);
}

TEST_CASE("skipped steps whose events come all the same") {
  auto d = paid_by_customer();
  d.name = "guarded await";
  d.steps[1].when = some_guard();
  proven(d);
  d = vending();
  d.name = "guarded command";
  d.steps[0].when = some_guard();
  proven(d);
}

TEST_CASE("more than two occurrences of one await") {
  proven(single_await(), {.payments = 3});
  auto d = saga_of("three payments, no pivot",
                   {awaited("pay", 0, unclaimed::undo), retriable_step("notify", 1)});
  proven(d, {.payments = 3, .pause = false});
}

TEST_CASE("two awaits, harmless steps, an await without undo") {
  proven(saga_of("two awaits", {awaited("pay", 0, unclaimed::undo),
                                awaited("sign", 1, unclaimed::undo), pivot("deliver", 2)}),
         {.payments = 1});
  auto d = vending();
  d.name = "harmless first";
  d.steps[0].undo = harmless;
  proven(d);
  d = paid_by_customer(unclaimed::ignore);
  d.name = "await without undo";
  d.steps[1].undo = harmless;
  proven(d);
}

TEST_CASE("surplus of an await by every policy") {
  for (auto policy : {surplus::undo, surplus::ignore, surplus::to_operator}) {
    auto d = paid_by_customer();
    d.name = policy == surplus::undo     ? "surplus undone"
             : policy == surplus::ignore ? "surplus ignored"
                                         : "surplus to the operator";
    d.steps[1].surplus = policy;
    proven(d, {.pause = false});
  }
}

TEST_CASE("surplus of a pivot: a second drink goes to the operator") {
  auto d = vending();
  d.name = "a second drink";
  d.steps[2].not_idempotent = true;
  d.steps[2].occurrence = {"test.Done.v1", "/drink_id"};
  proven(d, {.reliable_replies = true});
}

TEST_CASE("surplus of a commanded step that is not idempotent") {
  auto d = vending();
  d.name = "charged twice";
  d.steps[1].not_idempotent = true;
  d.steps[1].occurrence = {"test.Done.v1", "/payment_id"};
  proven(d, {.reliable_replies = true});
}

TEST_CASE("lying participants") {
  auto d = vending();
  d.name = "liars";
  proven(d, {.liars = true});
  d = saga_of("liars, no pivot", {compensatable("pay", 0), retriable_step("notify", 1)});
  proven(d, {.liars = true});
}

TEST_CASE("no fence, but answers that are never lost") {
  auto d = vending();
  d.name = "no fence on charge";
  d.steps[1].no_fence = true;
  proven(d, {.reliable_replies = true});
  d.name = "no fence on reserve";
  d.steps[1].no_fence = false;
  d.steps[0].no_fence = true;
  proven(d, {.reliable_replies = true});
}

TEST_CASE("strangers' events where the definition says to ignore them") {
  proven(paid_by_customer(unclaimed::ignore));
}

TEST_CASE("what no scenario reaches in the engine's table is named") {
  // Inputs that are absurd, or bounds that no small world reaches; the table's own test has them.
  const std::set<std::string> absurd{
      "malformed",          "op_refused",      "overflow_held",   "overflow_occurrences",
      "overflow_parked",    "overflow_undos",  "pause_again",     "pause_refused",
      "paused_holds_again", "paused_operator", "resume_refused",  "parking_old",
      "retry_none",         "timer_none",      "undone_none",     "undone_old",
      "undone_completed",   "refused_none",    "refused_pending", "refused_aborting",
      "refused_completed"};
  // An operator's word at his own risk: the explored operator writes the books first.
  const std::set<std::string> risked{"ok_doubts", "undone_surplus_doubts"};
  auto unfenced = vending(), unfenced_pivot = vending(), guarded = paid_by_customer();
  unfenced.steps[1].no_fence = true;
  unfenced_pivot.steps[2].fence = {};
  guarded.steps[1].when = some_guard();
  auto charged = saga_of("charged twice",
                         {compensatable("charge", 0), compensatable("pack", 1), pivot("send", 2)});
  auto drunk = vending();
  for (auto* s : {&charged.steps[0], &drunk.steps[2]}) {
    s->not_idempotent = true;
    s->occurrence = {"test.Done.v1", "/id"};
  }
  auto declining = no_pivot();
  declining.steps[1].failed.push("test.Failed.v1");
  auto reliable = explore::options{.reliable_replies = true};
  auto liars = explore::options{.liars = true};
  auto tail = saga_of("tail", {compensatable("flight", 0), compensatable("hotel", 0),
                               pivot("confirm", 1), retriable_step("bill", 2)});
  auto beside = saga_of("beside", {compensatable("reserve", 0), awaited("pay", 0, unclaimed::undo),
                                   pivot("dispense", 1)});
  const std::pair<definition, explore::options> runs[] = {{paid_by_customer(), {}},
                                                          {paid_by_customer(unclaimed::ignore), {}},
                                                          {guarded, {}},
                                                          {vending(), liars},
                                                          {declining, liars},
                                                          {unfenced, reliable},
                                                          {unfenced_pivot, {}},
                                                          {charged, reliable},
                                                          {drunk, reliable},
                                                          {tail, {}},
                                                          {beside, {}}};
  std::map<std::string, std::size_t> missed;
  for (auto& [d, o] : runs)
    for (auto& rule : explore::explore(d, o).never_taken) ++missed[rule];
  for (auto& [rule, times] : missed) {
    if (times < std::size(runs) || absurd.count(rule) || risked.count(rule)) continue;
    FAIL_CHECK("never taken: " << rule);
  }
}

TEST_CASE("six steps") {
  auto d =
      saga_of("six steps", {compensatable("a", 0), compensatable("b", 1), compensatable("c", 2),
                            compensatable("d", 3), pivot("e", 4), retriable_step("f", 5)});
  proven(d);
  d = saga_of("six steps, one awaited",
              {compensatable("a", 0), compensatable("b", 1), compensatable("c", 2),
               awaited("pay", 3, unclaimed::undo), pivot("e", 4), retriable_step("f", 5)});
  proven(d, {.payments = 1, .pause = false});
}
