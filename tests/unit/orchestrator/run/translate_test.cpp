#include "orchestrator/translate.hpp"

#include <doctest/doctest.h>

#include "tests/unit/orchestrator/run/two_definitions.hpp"

using namespace skald;
using machine::event_kind;

namespace {
// One saga of each definition, running, and inputs said to it.
struct desk {
  test::two_definitions from;
  catalog known{"p"};
  translator subject{known};
  live_saga saga;

  explicit desk(int definition = 1) {
    known.refresh(from);
    saga.definition = known.by_no(definition);
    saga.key = "k";
    saga.id = saga_id(saga.definition->ns(), "k");
    saga.seq = 3;
    saga.state.phase = machine::phase::running;
    saga.state.steps.count = saga.definition->spec().steps.size();
  }
  reading read(input::source source, std::string_view type, const std::string& data) {
    input in;
    in.from = source;
    in.envelope.type = type;
    return read(in, data);
  }
  reading reply(std::string_view step, wire::outcome said, std::string_view type,
                const std::string& data = "{}", std::uint16_t n = 0) {
    input in;
    in.from = input::source::reply;
    in.envelope.type = type;
    in.envelope.outcome = said;
    in.envelope.retry_after_ms = retry_after_ms;
    in.answered = {saga.id, step, wire::kind::do_, n};
    return read(in, data);
  }
  reading event(const std::string& topic, std::string_view type, const std::string& data) {
    input in;
    in.from = input::source::event;
    in.topic = topic;
    in.envelope.type = type;
    return read(in, data);
  }
  reading action(const std::string& data) { return read(input::source::action, {}, data); }
  std::uint64_t own_command(std::string_view step) const {
    std::string id;
    wire::append(id, {saga.id, step, wire::kind::do_, 0});
    return hash64(id);
  }
  std::int64_t retry_after_ms = 0;

 private:
  reading read(input& in, const std::string& data) {
    data_ = data;
    in.data = data_;
    in.message_id = "m";
    in.saga = saga.id;
    return subject.read(in, saga);
  }
  std::string data_;
};

constexpr std::string_view selected = "vending.ItemSelected.v1";
const std::string order = R"({"order_id":"k","slot":7,"price_cents":250})";
const std::string payment = R"({"order_id":"k","payment_id":"pay-1","amount_cents":250})";
}  // namespace

TEST_CASE("a start is read by the version that is active, and only once") {
  desk d;
  d.saga.state.phase = machine::phase::none;
  const auto good = d.read(input::source::start, selected, order);
  CHECK(good.problem == "");
  CHECK(good.event.kind == event_kind::start);
  CHECK(good.has_values);
  CHECK(d.read(input::source::start, "vending.Other.v1", order).problem ==
        "ce_type is not the event that starts this saga");
  CHECK(d.read(input::source::start, selected, R"({"order_id":"k","slot":7})").problem ==
        "the data lacks a value that a command needs");
  CHECK(d.read(input::source::start, selected, "{").problem == "the data is not JSON");
  d.from.state = "retired";
  d.known.refresh(d.from);
  CHECK(d.read(input::source::start, selected, order).problem ==
        "no version of the definition is active: new sagas cannot start");
  d.saga.state.phase = machine::phase::running;  // a duplicate, whatever it says
  const auto again = d.read(input::source::start, "vending.Other.v1", "{}");
  CHECK(again.problem == "");
  CHECK_FALSE(again.has_values);
}

TEST_CASE("replies: kind, step and number; what does not fit the step has its sentence") {
  desk d;
  using wire::outcome;
  const auto reserved = R"({"order_id":"k","reservation_id":"r"})";
  const auto ok = d.reply("reserve", outcome::ok, "vending.ItemReserved.v1", reserved);
  CHECK(ok.problem == "");
  CHECK(ok.event.kind == event_kind::ok);
  CHECK(ok.event.step == 0);
  CHECK(ok.event.occurrence == d.own_command("reserve"));
  CHECK(ok.what.ok);
  CHECK(d.reply("reserve", outcome::ok, "vending.OutOfStock.v1").problem ==
        "ce_type is not the step's event of success");
  CHECK(d.reply("dispense", outcome::ok, "skald.reply.v1").problem == "");  // without data
  const auto no = d.reply("reserve", outcome::declined, "vending.OutOfStock.v1");
  CHECK(no.problem == "");
  CHECK(no.event.kind == event_kind::declined);
  CHECK_FALSE(no.what.ok);
  CHECK(d.reply("reserve", outcome::declined, "vending.PaymentDeclined.v1").problem ==
        "ce_type is not among the step's events of a decline");
  const auto undone = d.reply("charge", outcome::undone, "skald.reply.v1", "{}", 4);
  CHECK(undone.event.kind == event_kind::undone);
  CHECK(undone.event.n == 4);
  CHECK(d.reply("charge", outcome::refused, "skald.reply.v1").event.kind == event_kind::refused);
  CHECK(d.reply("brew", outcome::ok, "skald.reply.v1").problem ==
        "the command answered names a step that the saga's definition does not have");
  CHECK(d.reply("charge", outcome::none, "skald.reply.v1").problem == "ce_sagaoutcome is missing");
}

TEST_CASE("a retry names its time, between now and a day") {
  desk d;
  for (const auto& [said, understood] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {-5, 0}, {700, 700}, {900'000'000, 86'400'000}}) {
    d.retry_after_ms = said;
    const auto r = d.reply("charge", wire::outcome::retry, "skald.reply.v1");
    CHECK(r.event.kind == event_kind::retry);
    CHECK(r.event.after_ms == understood);
  }
}

TEST_CASE("effects are told apart by the field that the definition names") {
  desk d;
  const auto paid = "vending.PaymentCompleted.v1";
  CHECK(d.reply("charge", wire::outcome::ok, paid, payment).event.occurrence == hash64("pay-1"));
  CHECK(d.reply("charge", wire::outcome::ok, paid, R"({"payment_id":null})").problem != "");
  // A decline without it is about the command.
  const auto no = d.reply("charge", wire::outcome::declined, "vending.PaymentDeclined.v1");
  CHECK(no.problem == "");
  CHECK(no.event.occurrence == d.own_command("charge"));
}

TEST_CASE("foreign events: the step that awaits them, by topic, type and guard") {
  desk d(2);
  const auto type = "vending.CustomerPaid.v1";
  const auto good = d.event("payment.events", type, payment);
  CHECK_FALSE(good.ignored);
  CHECK(good.problem == "");
  CHECK(good.event.kind == event_kind::ok);
  CHECK(good.event.step == 1);
  CHECK(good.event.occurrence == hash64("pay-1"));
  CHECK(d.event("other.events", type, payment).ignored);
  CHECK(d.event("payment.events", "vending.Other.v1", payment).ignored);
  CHECK(d.event("payment.events", type, R"({"order_id":"k","payment_id":"p","amount_cents":0})")
            .ignored);
}

TEST_CASE("actions: their names, the step, the occurrence, and on which state they were decided") {
  desk d;
  const std::pair<const char*, event_kind> all[] = {
      {"cancel", event_kind::cancel},       {"pause", event_kind::pause},
      {"resume", event_kind::resume},       {"retry", event_kind::op_retry},
      {"settle", event_kind::op_settle},    {"done", event_kind::op_done},
      {"not_done", event_kind::op_not_done}};
  for (const auto& [word, kind] : all) {
    const auto r = d.action("{\"action\":\"" + std::string(word) + "\"}");
    CHECK(r.problem == "");
    CHECK(r.event.kind == kind);
    CHECK(r.event.step == machine::whole_saga);
    CHECK_FALSE(r.stale);
  }
  CHECK(d.action(R"({"action":"explode"})").problem ==
        "the action is not cancel, pause, resume, retry, settle, done or not_done");
  CHECK(d.action(R"({"action":"retry","step":"brew"})").problem ==
        "the action names a step that the saga's definition does not have");
  const auto r = d.action(
      R"({"action":"done","step":"dispense","occurrence":"pay-9","in_books":true,"if_seq":3})");
  CHECK(r.event.step == 2);
  CHECK(r.event.occurrence == hash64("pay-9"));
  CHECK(r.event.in_books);
  CHECK_FALSE(r.stale);
  CHECK(d.action(R"({"action":"done","if_seq":2})").stale);
}
