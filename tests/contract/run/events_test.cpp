// Foreign events, activation while the service runs, and the operator's actions.
#include "examples/vending/saga.hpp"
#include "outbox/ids.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using strings = std::vector<std::string>;

namespace {
void pay(world& w, const std::string& key, const std::string& payment) {
  w.publish(
      "payment-" + w.run + ".events", key,
      {{"ce_specversion", "1.0"},
       {"ce_id", "paid-" + payment},
       {"ce_source", "/till"},
       {"ce_type", "vending.CustomerPaid.v1"},
       {"content-type", "application/json"}},
      "{\"order_id\":\"" + key + "\",\"payment_id\":\"" + payment + "\",\"amount_cents\":250}");
}
}  // namespace

TEST_CASE("activated while the service runs: events on a new topic are read; early and twice") {
  world w(broker::real, vending_json());
  w.serve();
  w.start_drink("a-0");
  w.until_phase("a-0", "completed");
  w.activate(json_of(vending::self_pay_saga));
  pay(w, "a-1", "first");  // before the start: parked
  w.until_phase("a-1", "parked");
  w.start_drink("a-1");
  w.until_phase("a-1", "completed");
  CHECK(w.types_seen("a-1") == strings{"ReserveItem", "DispenseDrink"});

  pay(w, "a-1", "first");   // the same payment: a duplicate
  pay(w, "a-1", "second");  // another one: surplus, paid back by name
  w.until("the second payment is refunded", [&] { return w.types_seen("a-1").size() == 3; });
  CHECK(w.types_seen("a-1").back() == "RefundPayment");
  CHECK(w.commands.back().header("ce_sagaoccurrence") == "second");
  CHECK(w.commands.back().value ==
        R"({"order_id":"a-1","payment_id":"second","amount_cents":250})");
  w.until("the surplus is closed", [&] { return w.count("select count(*) from open") == 0; });
}

TEST_CASE("a foreign topic with other partitions is passed on into the inbox") {
  world w(broker::real, vending_json());
  w.make_topic("payment-" + w.run + ".events", 3);
  w.serve();
  w.activate(json_of(vending::self_pay_saga));
  w.start_drink("f-1");
  w.until("it waits for the customer", [&] { return w.types_seen("f-1").size() == 1; });
  pay(w, "f-1", "one");
  w.until_phase("f-1", "completed");
}

TEST_CASE("actions: pause holds, resume goes on, cancel undoes; a forged one is quarantined") {
  world w(broker::real, vending_json());
  std::optional<seen_command> held;
  w.on["vending.ChargePayment.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    held = c;
    return {};
  };
  w.serve();
  w.start_drink("n-1");
  w.until("the charge is out", [&] { return held.has_value(); });
  w.action("n-1", R"({"action":"pause","actor":"ann","reason":"look at it"})");
  w.until("it is paused",
          [&] { return w.count("select count(*) from saga_text where facet = 'paused'") == 1; });
  w.action("n-1", R"({"action":"resume","actor":"ann","reason":"fine"})");
  w.action("n-1", R"({"action":"cancel","actor":"ann","reason":"the customer left"})");
  w.until_phase("n-1", "aborted");
  CHECK(w.types_seen("n-1").size() == 4);  // reserve, charge, refund, release
  CHECK(w.count("select count(*) from journal_text where event = 'cancel' and payload like "
                "'%the customer left%'") == 1);
  w.action("n-1", R"({"action":"explode"})");
  w.until("it is quarantined", [&] { return w.count("select count(*) from quarantine") == 1; });
}

TEST_CASE(
    "what others publish: structured CloudEvents, and none at all, by header, data or topic") {
  auto d = vending::self_pay_saga;
  world w(broker::real, vending_json());
  w.activate(json_of(d));
  const auto payments = "payment-" + w.run + ".events";
  const auto paid = [](const std::string& key, const std::string& more) {
    return "{\"order_id\":\"" + key + "\",\"payment_id\":\"p\",\"amount_cents\":250" + more + "}";
  };
  const auto structured = [&](const std::string& key, const std::string& type) {
    return R"({"specversion":"1.0","id":"one","source":"/till","type":")" + type + R"(","data":)" +
           paid(key, "") + "}";
  };
  const std::vector<std::pair<std::string, std::string>> mode = {
      {"content-type", "application/cloudevents+json; charset=utf-8"}};
  w.serve();
  SUBCASE("on partitions like the shards'") {
    w.publish(payments, "s-1", mode, structured("s-1", "vending.CustomerPaid.v1"));
    w.publish(payments, "h-1", {{"eventType", "vending.CustomerPaid.v1"}}, paid("h-1", ""));
    w.publish(payments, "d-1", {}, paid("d-1", ",\"type\":\"vending.CustomerPaid.v1\""));
  }
  SUBCASE("and on others: passed on in binary mode") {
    const auto wrong = [](const std::string& key) { return (murmur2_partition(key, 4) + 1) % 4; };
    w.publish(payments, "s-1", mode, structured("s-1", "vending.CustomerPaid.v1"), wrong("s-1"));
    w.publish(payments, "h-1", {{"eventType", "vending.CustomerPaid.v1"}}, paid("h-1", ""),
              wrong("h-1"));
    w.publish(payments, "d-1", {}, paid("d-1", ",\"type\":\"vending.CustomerPaid.v1\""),
              wrong("d-1"));
  }
  for (const auto* key : {"s-1", "h-1", "d-1"}) w.until_phase(key, "parked");
  w.publish(payments, "x", mode, structured("x", "others.Business.v1"));
  w.publish(payments, "x", {}, "nobody's");
  w.until("the others' are counted",
          [&] { return w.served().counts().messages_unmatched.at({payments}).value() == 2; });
  CHECK(w.count("select count(*) from quarantine") == 0);
  w.publish(payments, "q-1", {{"ce_specversion", "2.0"}, {"ce_type", "vending.CustomerPaid.v1"}},
            paid("q-1", ""));
  w.until("what is ours and cannot be read is kept",
          [&] { return w.count("select count(*) from quarantine") == 1; });

  w.publish(w.prefix + ".starts", "s-1", mode,
            R"({"specversion":"1.0","id":"go","source":"/test","type":"vending.ItemSelected.v1",)"
            R"("partitionkey":"s-1","sagakind":"start","sagatype":")" +
                w.definition + R"(","data":{"order_id":"s-1","slot":7,"price_cents":250}})");
  w.until_phase("s-1", "completed");
}

TEST_CASE("a word to a saga that nobody knows, which begins none, is kept with its bytes") {
  world w(broker::real, vending_json());
  w.serve();
  w.reply_early("u-1", "charge", {"undone", "skald.reply.v1", "{}"});
  w.action("u-2", R"({"action":"resume","actor":"ann","reason":"why not"})");
  w.until("both are kept", [&] { return w.count("select count(*) from quarantine") == 2; });
  CHECK(w.count("select count(*) from quarantine where reason = 'there is no saga of this key, and "
                "this begins none'") == 2);
  CHECK(w.count("select count(*) from saga") == 0);
}
