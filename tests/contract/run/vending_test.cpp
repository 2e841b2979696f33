// The vending machine whole: the service, and its three participants as processes of their own.
// Every case looks into the participants' tables.
#include <map>

#include "examples/vending/rules.hpp"
#include "examples/vending/saga.hpp"
#include "orchestrator/dev/child.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using strings = std::vector<std::string>;

namespace {
constexpr auto no_answer = [](const seen_command&) { return std::optional<answer>(); };

// The saga for participants whose topics begin with this run's word.
std::string json_for_programs(definition d = vending::vending_saga) {
  auto json = json_of(d);
  for (const std::string name : {"inventory", "payments", "machine"})
    if (const auto own = name + "-{run}"; true)
      for (std::size_t at; (at = json.find(own)) != std::string::npos;)
        json.replace(at, own.size(), "{run}-" + name);
  return json;
}

struct vending_world : world {
  explicit vending_world(std::string json = json_for_programs(),
                         const std::map<std::string, strings>& faults = {})
      : world(broker::real, std::move(json)) {
    for (const auto* type : {"ReserveItem", "ReleaseItem", "ChargePayment", "RefundPayment",
                             "DispenseDrink", "CancelDispense"})
      on["vending." + std::string(type) + ".v1"] = no_answer;
    for (const std::string name : {"inventory", "payments", "machine"}) {
      dev::child_command c;
      c.words = {SKALD_BIN_DIR "/vending_" + name,
                 "--kafka",
                 std::getenv("SKALD_TEST_KAFKA"),
                 "--postgres",
                 books_.url(),
                 "--topic-prefix",
                 run + "-",
                 "--group",
                 run + "." + name};
      if (const auto own = faults.find(name); own != faults.end())
        c.words.insert(c.words.end(), own->second.begin(), own->second.end());
      programs_.emplace_back(c);
    }
    serve();
  }

  void order(const std::string& key, int slot) {
    start(key, "{\"order_id\": \"" + key + "\", \"slot\": " + std::to_string(slot) +
                   ", \"price_cents\": " + std::to_string(vending::price_cents(slot)) + "}");
  }
  // One number from the participants' books, of one order.
  std::int64_t of(const std::string& key, const std::string& what) {
    static const std::map<std::string, std::string> queries = {
        {"held",
         "select count(*) from vending_inventory.reservation where order_id = $1 and not "
         "released"},
        {"released",
         "select count(*) from vending_inventory.reservation where order_id = $1 and "
         "released"},
        {"payments", "select count(*) from vending_payments.payment where order_id = $1"},
        {"taken",
         "select coalesce(sum(amount_cents), 0) from vending_payments.payment where "
         "order_id = $1"},
        {"refunded",
         "select coalesce(sum(r.amount_cents), 0) from vending_payments.refund r join "
         "vending_payments.payment p on p.id = r.payment_id where p.order_id = $1"},
        {"drinks", "select count(*) from vending_machine.drink where order_id = $1"}};
    return pg::connection(books_.url()).exec(queries.at(what), {key}).number(0, 0);
  }

 private:
  test::database books_{"skald_vending"};
  std::vector<dev::child> programs_;
};
}  // namespace

TEST_CASE("a drink is sold: held, paid, fallen, each once") {
  vending_world w;
  w.order("happy", 7);
  w.until_phase("happy", "completed");
  CHECK(w.of("happy", "held") == 1);
  CHECK(w.of("happy", "taken") == vending::price_cents(7));
  CHECK(w.of("happy", "refunded") == 0);
  CHECK(w.of("happy", "drinks") == 1);
}

TEST_CASE("out of stock, declined, jammed: what was done is undone, and only that") {
  vending_world w;
  w.order("sold-out", vending::empty_slot);
  w.order("declined", vending::vintage_slot);
  w.order("jammed", vending::jammed_slot);
  for (const auto* key : {"sold-out", "declined", "jammed"}) w.until_phase(key, "aborted");
  CHECK(w.of("sold-out", "held") + w.of("sold-out", "released") == 0);
  CHECK(w.of("sold-out", "payments") == 0);
  CHECK(w.of("declined", "released") == 1);
  CHECK(w.of("declined", "payments") == 0);
  CHECK(w.of("jammed", "released") == 1);
  CHECK(w.of("jammed", "taken") == vending::price_cents(vending::jammed_slot));
  CHECK(w.of("jammed", "refunded") == w.of("jammed", "taken"));
  for (const auto* key : {"sold-out", "declined", "jammed"}) {
    CHECK(w.of(key, "held") == 0);
    CHECK(w.of(key, "drinks") == 0);
  }
}

TEST_CASE("every PaymentCompleted comes twice: one payment, one drink") {
  vending_world w(json_for_programs(), {{"payments", {"--answer-twice", "1"}}});
  w.order("twice", 3);
  w.until_phase("twice", "completed");
  w.until("the second PaymentCompleted is absorbed", [&] {
    return w.served().counts().messages_duplicate.at({w.prefix + ".inbox"}).value() +
               w.served().counts().messages_late.at({w.prefix + ".inbox"}).value() >=
           1;
  });
  CHECK(w.of("twice", "payments") == 1);
  CHECK(w.of("twice", "drinks") == 1);
  CHECK(w.of("twice", "refunded") == 0);
}

TEST_CASE("a DrinkDispensed before its PaymentCompleted: signed it is parked and used") {
  vending_world w;
  const answer fell{"ok", "vending.DrinkDispensed.v1", R"({"order_id":"early"})"};
  w.reply_early("early", "dispense", fell);
  w.until_phase("early", "parked");
  CHECK(w.of("early", "payments") == 0);
  w.order("early", 5);
  w.until_phase("early", "completed");
  CHECK(w.of("early", "taken") == vending::price_cents(5));
  CHECK(w.of("early", "drinks") == 0);  // the machine was not asked again: it had said so
}

TEST_CASE("a DrinkDispensed before its PaymentCompleted: unsigned it is quarantined") {
  vending_world w;
  answer forged{"ok", "vending.DrinkDispensed.v1", R"({"order_id":"forged"})"};
  forged.signed_ = false;
  w.reply_early("forged", "dispense", forged);
  w.until("quarantined", [&] { return w.count("select count(*) from quarantine") == 1; });
  w.order("forged", 5);
  w.until_phase("forged", "completed");
  CHECK(w.of("forged", "drinks") == 1);
}

TEST_CASE("half of the replies are lost: commands come again, effects do not") {
  auto impatient = vending::vending_saga;
  for (std::size_t i = 0; i < impatient.steps.size(); ++i) {
    impatient.steps[i].within = 300ms;
    impatient.steps[i].retry = {.times = 20, .first = 50ms, .cap = 200ms};
  }
  const strings lossy = {"--lose-reply", "0.5", "--seed", "7"};
  vending_world w(json_for_programs(impatient),
                  {{"inventory", lossy}, {"payments", lossy}, {"machine", lossy}});
  for (int i = 0; i < 8; ++i) w.order("lossy-" + std::to_string(i), 1 + i);
  for (int i = 0; i < 8; ++i) w.until_phase("lossy-" + std::to_string(i), "completed");
  CHECK(w.count("select count(*) from journal where kind = 6") > 0);  // timers: commands sent again
  for (int i = 0; i < 8; ++i) {
    const auto key = "lossy-" + std::to_string(i);
    CAPTURE(key);
    CHECK(w.of(key, "held") == 1);
    CHECK(w.of(key, "taken") == vending::price_cents(1 + i));
    CHECK(w.of(key, "drinks") == 1);
  }
}
