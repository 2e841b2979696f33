// The vending saga through the real service: real PostgreSQL, and both brokers.
#include <algorithm>

#include "examples/vending/saga.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using namespace std::chrono_literals;
using strings = std::vector<std::string>;

namespace {
// Every test case runs on both.
const auto both = {broker::embedded, broker::real};
}  // namespace

TEST_CASE("a drink is sold: reserve, charge, dispense, each commanded once, in order") {
  for (const auto b : both) {
    world w(b, vending_json());
    w.serve();
    w.start_drink("o-1");
    w.until_phase("o-1", "completed");
    CHECK(w.types_seen("o-1") == strings{"ReserveItem", "ChargePayment", "DispenseDrink"});
    CHECK(w.commands[0].value == R"({"order_id":"o-1","slot":7})");
    CHECK(w.commands[1].value == R"({"order_id":"o-1","amount_cents":250,"currency":"EUR"})");
    CHECK(w.commands[0].id() == w.saga_of("o-1") + "/reserve/do/0");
    CHECK(w.count("select count(*) from journal") == 4);
    CHECK(w.count("select count(*) from open") == 0);
    w.until("the outbox is empty",
            [&] { return w.count("select count(*) from outbox_batch") == 0; });
    CHECK(w.reports == strings{});
  }
}

TEST_CASE("out of stock: nothing was charged, the saga aborts") {
  world w(broker::real, vending_json());
  w.on["vending.ReserveItem.v1"] = [](const seen_command& c) {
    return answer{"declined", "vending.OutOfStock.v1",
                  "{\"order_id\":\"" + c.key + "\",\"slot\":7}"};
  };
  w.serve();
  w.start_drink("o-2");
  w.until_phase("o-2", "aborted");
  CHECK(w.types_seen("o-2") == strings{"ReserveItem"});
}

TEST_CASE("a payment declined releases the slot, with the reservation's own id") {
  world w(broker::real, vending_json());
  w.on["vending.ChargePayment.v1"] = [](const seen_command& c) {
    return answer{"declined", "vending.PaymentDeclined.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reason\":\"no money\"}"};
  };
  w.serve();
  w.start_drink("o-3");
  w.until_phase("o-3", "aborted");
  CHECK(w.types_seen("o-3") == strings{"ReserveItem", "ChargePayment", "ReleaseItem"});
  CHECK(w.commands.back().value == R"({"order_id":"o-3","reservation_id":"r-o-3"})");
}

TEST_CASE("a duplicate reply changes nothing; the journal has it once") {
  for (const auto b : both) {
    world w(b, vending_json());
    w.on["vending.ChargePayment.v1"] = [](const seen_command& c) {
      return answer{"ok", "vending.PaymentCompleted.v1",
                    "{\"order_id\":\"" + c.key + "\",\"payment_id\":\"p\",\"amount_cents\":250}",
                    true, 3};
    };
    w.serve();
    w.start_drink("o-4");
    w.until_phase("o-4", "completed");
    CHECK(w.types_seen("o-4") == strings{"ReserveItem", "ChargePayment", "DispenseDrink"});
    w.until("the duplicates are counted", [&] {
      return w.served().counts().messages_duplicate.at({w.prefix + ".inbox"}).value() >= 2;
    });
  }
}

TEST_CASE("a saga with parked events pins the version that is active when it starts") {
  auto next = vending::vending_saga;
  next.version = 2;
  next.steps[0].within = 77s;
  world w(broker::real, vending_json());
  const answer dispensed{"ok", "vending.DrinkDispensed.v1", R"({"order_id":"any"})"};
  w.serve();
  w.reply_early("v-1", "dispense", dispensed);
  w.until_phase("v-1", "parked");
  w.stop_service();
  w.activate(json_of(next));
  w.serve();
  w.reply_early("v-1", "charge", {"declined", "vending.PaymentDeclined.v1", "{}"});
  w.until("it is in memory, by its first version",
          [&] { return w.count("select count(*) from journal") == 2; });
  CHECK(w.count("select d.version from saga s join definition d on d.no = s.definition") == 1);
  w.start_drink("v-1");
  w.until("it starts", [&] { return !w.commands.empty(); });
  CHECK(w.commands[0].header("ce_sagaversion") == "2");
  CHECK(w.count("select d.version from saga s join definition d on d.no = s.definition") == 2);
  w.until_phase("v-1", "aborted");
}
