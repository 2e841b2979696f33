#include "orchestrator/compiled.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "examples/vending/saga.hpp"

using namespace skald;

namespace {
constexpr std::string_view selected = "vending.ItemSelected.v1",
                           reserved = "vending.ItemReserved.v1",
                           paid = "vending.PaymentCompleted.v1";

const compiled::cut* cut_of(const compiled& c, std::string_view type, std::string_view field) {
  const auto* shape = c.shape(type);
  if (!shape) return nullptr;
  const auto at = std::find_if(shape->cuts.begin(), shape->cuts.end(),
                               [&](const auto& cut) { return cut.field == field; });
  return at == shape->cuts.end() ? nullptr : &*at;
}

std::string_view header(const compiled::message& m, std::string_view name) {
  for (const auto& [n, value] : m.headers)
    if (n == name) return value;
  return {};
}

definition one_step() {
  definition d{.name = "d", .version = 3};
  step s{.name = "s"};
  s.send = {.type = "C", .participant = "p"};
  s.done = "Done";
  d.steps.push(s);
  return d;
}
}  // namespace

TEST_CASE("every value that a command, an undo or a guard reads is a place, numbered once") {
  const compiled c(7, nullptr, vending::vending_saga, "p");
  const place wanted[] = {{selected, "/order_id"},
                          {selected, "/slot"},
                          {reserved, "/reservation_id"},
                          {selected, "/price_cents"},
                          {paid, "/payment_id"}};
  CHECK(c.places().size() == std::size(wanted));
  std::vector<std::uint16_t> numbers;
  for (const auto& p : wanted) {
    const auto no = c.place_no(p);
    CHECK(c.places().at(no) == p);
    const auto* cut = cut_of(c, p.event, p.field);
    REQUIRE(cut);
    CHECK(cut->place == no);
    numbers.push_back(no);
  }
  std::sort(numbers.begin(), numbers.end());
  CHECK(std::adjacent_find(numbers.begin(), numbers.end()) == numbers.end());
  CHECK_FALSE(c.shape("vending.DrinkDispensed.v1"));  // nobody reads its data
}

TEST_CASE("a place belongs to the steps whose success it is told with; the start's to none") {
  const compiled c(7, nullptr, vending::vending_saga, "p");
  CHECK(c.owners(c.place_no({selected, "/slot"})).empty());
  CHECK(c.owners(c.place_no({reserved, "/reservation_id"})) == std::vector<std::uint8_t>{0});
  CHECK(c.owners(c.place_no({paid, "/payment_id"})) == std::vector<std::uint8_t>{1});
}

TEST_CASE("a value is needed as soon as one command cannot do without it, wherever that is") {
  auto d = one_step();
  auto& s = d.steps[0];
  s.send.fields.push({.to = "/a", .from = {"e", "/x"}, .optional = true});
  s.send.fields.push({.to = "/b", .from = {"e", "/y"}, .optional = true});
  s.fence = {.type = "F", .participant = "p"};
  s.fence.fields.push({.to = "/a", .from = {"e", "/x"}});
  const compiled c(1, nullptr, d, "p");
  REQUIRE(cut_of(c, "e", "/x"));
  CHECK(cut_of(c, "e", "/x")->required);
  CHECK_FALSE(cut_of(c, "e", "/y")->required);
  // A guard reads what is there, and is false of what is not.
  const compiled v(7, nullptr, vending::vending_saga, "p");
  CHECK(cut_of(v, selected, "/price_cents")->required);  // by a command, not by the guard
  auto guarded = one_step();
  guarded.steps[0].when = vending::charge.when;
  const compiled g(1, nullptr, guarded, "p");
  REQUIRE(cut_of(g, selected, "/price_cents"));
  CHECK_FALSE(cut_of(g, selected, "/price_cents")->required);
}

TEST_CASE("messages: topic, kind and constant headers; what a step does not send is empty") {
  const compiled c(7, nullptr, vending::vending_saga, "house");
  const auto& reserve = c.messages(0);
  CHECK(reserve.forward.topic == "inventory.commands");
  CHECK(header(reserve.forward, "ce_source") == "/skald/house/vending");
  CHECK(header(reserve.forward, "ce_type") == "vending.ReserveItem.v1");
  CHECK(header(reserve.forward, "ce_sagatype") == "vending");
  CHECK(header(reserve.forward, "ce_sagaversion") == "1");
  CHECK(header(reserve.forward, "ce_sagastep") == "reserve");
  CHECK(header(reserve.forward, "ce_sagakind") == "do");
  CHECK(header(reserve.forward, "ce_sagareplyto") == "house.inbox");
  CHECK(header(reserve.undo, "ce_sagakind") == "undo");
  CHECK(reserve.fence.empty());
  const auto& dispense = c.messages(2);
  CHECK(header(dispense.fence, "ce_type") == "vending.CancelDispense.v1");
  CHECK(header(dispense.fence, "ce_sagakind") == "undo");  // a fence is an undo of what may be
  CHECK(dispense.undo.empty());
  const compiled awaits(8, nullptr, vending::self_pay_saga, "house");
  CHECK(awaits.messages(1).forward.empty());
  CHECK(awaits.messages(1).undo.topic == "payments.commands");
}

TEST_CASE("steps are found by their names") {
  const compiled c(7, nullptr, vending::vending_saga, "p");
  CHECK(c.step_named("dispense") == std::uint8_t{2});
  CHECK_FALSE(c.step_named("Dispense"));
  CHECK_FALSE(c.step_named(""));
}
