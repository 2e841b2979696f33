#include "skald/check.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sagas/json.hpp"
#include "tests/reference/all.hpp"

using namespace skald;

namespace {
std::vector<std::string> broken_rules(const definition& d) {
  std::vector<std::string> all;
  check(d, [&](string_view rule, string_view step, const spot& at) {
    all.push_back(std::string(at.text()) + " [" + std::string(step) + "] " + std::string(rule));
  });
  return all;
}

// One change to a right definition breaks one rule, which is reported.
struct mistake {
  const char* says;
  std::function<void(definition&)> make;
};
void each_is_found(const definition& right, const std::vector<mistake>& all) {
  for (auto& m : all) {
    CAPTURE(m.says);
    auto wrong = std::make_unique<definition>(right);
    m.make(*wrong);
    const auto found = broken_rules(*wrong);
    CHECK(std::count(found.begin(), found.end(), m.says) >= 1);
  }
}
command sent(string_view type = "x.Do.v1", string_view participant = "p") {
  return {type, participant, {}};
}
token literal(value v) {
  return {token::type::literal, {}, v, {}};
}
token read(string_view event, string_view field) {
  return {token::type::field, {event, field}, {}, {}};
}
token op(token::op what) {
  return {token::type::op, {}, {}, what};
}
constexpr value one{value::type::integer, 1, {}}, word{value::type::text, 0, "x"};
const std::string long_word(max_literal + 1, 'x');
}  // namespace

TEST_CASE("no reference saga breaks a rule") {
  for (auto* d : reference::all) CHECK(broken_rules(*d).empty());
}

TEST_CASE("rules of the saga") {
  each_is_found(
      vending::vending_saga,
      {{"/saga [] the saga's name must match [a-z][a-z0-9_-]{0,62}",
        [](auto& d) { d.name = "Vending"; }},
       {"/version [] the saga's version must be 1 or more", [](auto& d) { d.version = 0; }},
       {"/starts [] the saga has no event that starts it (starts)",
        [](auto& d) { d.starts.event = ""; }},
       {"/starts [] the starting event has no key field; say which field is the business key",
        [](auto& d) { d.starts.key = "order_id"; }},
       {"/starts [] the starting event has no key field; say which field is the business key",
        [](auto& d) { d.starts.key = "/order~2id"; }},
       {"/starts/topic [] a topic's name must match [A-Za-z0-9._-]{1,200}",
        [](auto& d) { d.starts.topic = "shop events"; }},
       {"/starts/only [] a filter on the start is for events of a foreign topic; here guard the "
        "first step",
        [](auto& d) { d.starts.only = d.steps[1].when; }},
       {"/starts/only [] the filter on the start may read the starting event alone",
        [](auto& d) {
          d.starts.topic = "t";
          d.starts.only = {{read("x.Other.v1", "/a"), literal(one), op(token::op::eq)}};
        }},
       {"/steps [] the saga has no steps", [](auto& d) { d.steps = stages(); }},
       {"/deadline_ms [] the saga's deadline must be between 0 (none) and 400 days",
        [](auto& d) { d.deadline = 24h * 401; }},
       {"/parking_ms [] the saga's parking time must be more than 0 and at most 400 days",
        [](auto& d) { d.parking = 0ms; }}});
}

TEST_CASE("rules of every step") {
  each_is_found(
      vending::vending_saga,
      {{"/steps/1/step [Charge] a step's name must match [a-z][a-z0-9_-]{0,62}",
        [](auto& d) { d.steps[1].name = "Charge"; }},
       {"/steps/1/step [reserve] has the name of another step",
        [](auto& d) { d.steps[1].name = "reserve"; }},
       {"/steps/1/done [charge] does not say which event ends it well (done)",
        [](auto& d) { d.steps[1].done = ""; }},
       {"/steps/1/done [charge] ends with the event that starts the saga",
        [](auto& d) { d.steps[1].done = d.starts.event; }},
       {"/steps/1/failed/0 [charge] has a declining event without a name",
        [](auto& d) { d.steps[1].failed[0] = ""; }},
       {"/steps/1/failed/0 [charge] has the same event for done and for failed",
        [](auto& d) { d.steps[1].failed[0] = d.steps[1].done; }},
       {"/steps/1/occurrence [charge] its occurrence must be a JSON Pointer",
        [](auto& d) { d.steps[1].occurrence.field = "payment_id"; }},
       {"/steps/1/occurrence [charge] its occurrence must be a field of the event in done",
        [](auto& d) { d.steps[1].occurrence.event = d.starts.event; }},
       {"/steps/1/within_ms [charge] has no time limit; say how long it may take (within)",
        [](auto& d) { d.steps[1].within = 0ms; }},
       {"/steps/1/within_ms [charge] has a time limit of more than 400 days",
        [](auto& d) { d.steps[1].within = 24h * 401; }},
       {"/steps/1/retry/times [charge] retries must be between 0 and 200 times",
        [](auto& d) { d.steps[1].retry.times = 201; }},
       {"/steps/1/retry [charge] a retry's first pause must not be longer than its cap, nor the "
        "cap than 400 days",
        [](auto& d) { d.steps[1].retry.cap = 1ms; }},
       {"/steps/1/undo_retry/factor [charge] a retry's factor must be between 1 and 10",
        [](auto& d) { d.steps[1].undo_retry.factor = 0; }},
       {"/steps/1/retry/jitter_percent [charge] a retry's jitter must be between 0 and 100 percent",
        [](auto& d) { d.steps[1].retry.jitter_percent = 101; }},
       {"/steps/1/send [charge] neither sends a command nor awaits an event",
        [](auto& d) { d.steps[1].send = {}; }},
       {"/steps/1/send/command [charge] a command's name must match [A-Za-z0-9._-]{1,200}",
        [](auto& d) { d.steps[1].send.type = "charge it"; }},
       {"/steps/1/undo/participant [charge] a participant's name must match "
        "[a-z][a-z0-9_-]{0,62}",
        [](auto& d) { d.steps[1].undo.send.participant = "payments.eu"; }},
       {"/steps/1/surplus [charge] undoes its surplus, so it needs a command that undoes it",
        [](auto& d) {
          d.steps[1].undo = harmless;
          d.steps[1].surplus = surplus::undo;
        }},
       {"/steps/1/undo [charge] has no undo; say send<...>(...), harmless, irreversible or "
        "retriable",
        [](auto& d) { d.steps[1].undo = undo(); }}});
}

TEST_CASE("rules of a command's fields") {
  each_is_found(
      vending::vending_saga,
      {{"/steps/1/send/fields/0/to [charge] a command's field must be a JSON Pointer",
        [](auto& d) { d.steps[1].send.fields[0].to = "order_id"; }},
       {"/steps/1/send/fields/0/at [charge] a copied field must be a JSON Pointer",
        [](auto& d) { d.steps[1].send.fields[0].from.field = ""; }},
       {"/steps/1/send/fields/0 [charge] a command's field is filled either from an event or with "
        "a value",
        [](auto& d) { d.steps[1].send.fields[0].fixed = one; }},
       {"/steps/1/send/fields/2 [charge] a command's field is filled either from an event or with "
        "a value",
        [](auto& d) { d.steps[1].send.fields[2].fixed = {}; }},
       {"/steps/1/send/fields/2/value [charge] a fixed text is longer than 1000 bytes",
        [](auto& d) { d.steps[1].send.fields[2].fixed.words = long_word; }},
       {"/steps/1/send/fields/1/to [charge] a command's field is filled twice",
        [](auto& d) { d.steps[1].send.fields[1].to = "/order_id/part"; }},
       {"/steps/0/undo/fields/1/event [reserve] reads an event that has not happened yet",
        [](auto& d) { d.steps[0].undo.send.fields[1].from.event = d.steps[1].done; }},
       {"/steps/2/fence/fields/0/event [dispense] reads an event of a step that may be skipped; "
        "make that field of the command optional",
        [](auto& d) {
          d.steps[2].fence.fields[0].from = {d.steps[1].done, "/payment_id"};
        }},
       {"/steps/2/send/fields/0/event [dispense] reads an event with which several steps end",
        [](auto& d) {
          d.steps[1].done = d.steps[0].done;
          d.steps[1].occurrence = {};
          d.steps[0].undo = harmless;
          d.steps[1].undo = harmless;
          d.steps[2].send.fields[0].from.event = d.steps[0].done;
        }}});
}

TEST_CASE("the shape: compensatable steps, one pivot, retriable steps") {
  const auto kind_of = [](std::size_t i, const undo& u) {
    return [i, u](definition& d) {
      d.steps[i].undo = u;
      d.steps[i].fence = {};
    };
  };
  each_is_found(
      vending::vending_saga,
      {{"/steps/2/undo [dispense] is irreversible, but a saga has at most one irreversible step",
        kind_of(1, irreversible)},
       {"/steps/1/undo [charge] comes after the irreversible step, so it must be retriable",
        kind_of(0, irreversible)},
       {"/steps/1/undo [charge] comes after a retriable step, so it must be retriable too",
        [&](auto& d) {
          kind_of(0, retriable)(d);
          d.steps[0].failed = {};
        }},
       {"/steps/1/together/1 [dispense] shares its stage with an irreversible step, which must "
        "stand alone",
        [](auto& d) { d.steps[2].stage = 1; }},
       {"/steps/1/together/1 [dispense] shares its stage with a step of another kind; retriable "
        "steps come later",
        [&](auto& d) {
          kind_of(2, retriable)(d);
          d.steps[2].stage = 1;
        }},
       {"/steps/2/failed [dispense] is retriable, so nothing may decline it (failed)",
        kind_of(2, retriable)},
       {"/steps/2/retry [dispense] is retriable, so it must be retried (retry)",
        [&](auto& d) {
          kind_of(2, retriable)(d);
          d.steps[2].failed = {};
          d.steps[2].retry.times = 0;
        }},
       {"/steps/2/fence [dispense] has a fence, which only an irreversible step needs",
        [](auto& d) { d.steps[2].undo = harmless; }}});
}

TEST_CASE("rules of an await step") {
  each_is_found(
      vending::self_pay_saga,
      {{"/steps/1/send [pay] awaits an event, so it cannot send a command too",
        [](auto& d) { d.steps[1].send = sent(); }},
       {"/steps/1/done [pay] must end with the event it awaits",
        [](auto& d) {
          d.steps[1].done = "x.Y.v1";
          d.steps[1].occurrence = {};
        }},
       {"/steps/1/await/topic [pay] awaits an event, but does not say on which topic",
        [](auto& d) { d.steps[1].await.topic = ""; }},
       {"/steps/1/await/key [pay] awaits an event, but does not say where its key is",
        [](auto& d) { d.steps[1].await.correlate = ""; }},
       {"/steps/1/await/unclaimed [pay] awaits an event, but does not say what becomes of one that "
        "no saga claims (unclaimed: undo or ignore)",
        [](auto& d) { d.steps[1].await.unclaimed = unclaimed::unsaid; }},
       {"/steps/1/undo [pay] undoes what no saga claims, so it needs a command that undoes it",
        [](auto& d) { d.steps[1].undo = harmless; }},
       {"/steps/1/failed [pay] awaits an event, so only its time limit can fail it",
        [](auto& d) { d.steps[1].failed = {"x.No.v1"}; }},
       {"/steps/1/retry [pay] awaits an event, so there is nothing to send again",
        [](auto& d) { d.steps[1].retry.times = 1; }},
       {"/steps/1 [pay] awaits an event, so it has no participant whose weakness could be declared",
        [](auto& d) { d.steps[1].no_fence = true; }},
       {"/steps/1/await/only [pay] its filter (only) may read the awaited event alone",
        [](auto& d) { d.steps[1].await.only.tokens[0].at.event = d.starts.event; }},
       {"/steps/1/undo/fields/0/event [pay] awaits an event, so its undo may read that event alone "
        "(the key is in it)",
        [](auto& d) { d.steps[1].undo.send.fields[0].from.event = d.starts.event; }},
       {"/steps/0/await/event [reserve] awaits the same event as another step", [](auto& d) {
          const auto name = d.steps[0].name;
          d.steps[0] = d.steps[1];
          d.steps[0].name = name;
          d.steps[0].stage = 0;
        }}});
  auto pivot = std::make_unique<definition>(vending::self_pay_saga);
  pivot->steps[1].await.unclaimed = unclaimed::ignore;
  pivot->steps[1].undo = irreversible;
  CHECK(broken_rules(*pivot)[0] ==
        "/steps/1/undo [pay] awaits an event, so it cannot be the point of no return");
}

TEST_CASE("rules of a guard") {
  const auto guarded = [](std::initializer_list<token> tokens) {
    return [all = list<token, max_tokens>(tokens)](definition& d) { d.steps[1].when.tokens = all; };
  };
  const token cents = read("vending.ItemSelected.v1", "/price_cents");
  each_is_found(
      vending::vending_saga,
      {{"/steps/1/when [charge] has a guard that is not a condition", guarded({cents})},
       {"/steps/1/when [charge] has a guard that is not a condition", guarded({op(token::op::eq)})},
       {"/steps/1/when [charge] has a guard that is not a condition",
        guarded({cents, op(token::op::negate)})},
       {"/steps/1/when [charge] has a guard that is not a condition",
        guarded({cents, literal(one), op(token::op::both)})},
       {"/steps/1/when [charge] has a guard that is not a condition",
        guarded({cents, literal(one), op(token::op::eq), literal(one)})},
       {"/steps/1/when [charge] a guard compares with nothing",
        guarded({cents, literal({}), op(token::op::eq)})},
       {"/steps/1/when [charge] a guard can order integers only",
        guarded({cents, literal(word), op(token::op::lt)})},
       {"/steps/1/when [charge] a guard's field must be a JSON Pointer",
        guarded({read("vending.ItemSelected.v1", "cents"), literal(one), op(token::op::lt)})},
       {"/steps/1/when [charge] a fixed text is longer than 1000 bytes",
        guarded({cents, literal({value::type::text, 0, long_word}), op(token::op::eq)})},
       {"/steps/1/when [charge] reads an event that has not happened yet",
        guarded({read("vending.DrinkDispensed.v1", "/x"), literal(one), op(token::op::lt)})},
       {"/steps/1/when [charge] reads an event that is no part of this saga",
        guarded({read("x.Y.v1", "/x"), literal(one), op(token::op::lt)})}});
}

TEST_CASE("a place in the JSON is where the JSON has it") {
  auto wrong = std::make_unique<definition>(travel::saga);
  wrong->steps[1].within = 0ms;
  const auto loaded = read_definition(to_json(*wrong));
  REQUIRE(loaded.complaints.size() == 1);
  CHECK(loaded.complaints[0].at == "/steps/0/together/1/within_ms");
}
