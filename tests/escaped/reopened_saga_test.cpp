// Found by the simulator: an aborted saga is opened again by a late payment while an older saga of
// its shard is open. The owner has taken over since and does not watch the number; the saga got no
// row in table open, so after the next take-over nobody knew of its timer: its undo was never sent
// again.
#include <doctest/doctest.h>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "orchestrator/worker.hpp"

using namespace skald;

namespace {
const sim::script& self_pay() {
  sim::plan p;
  p.definition = "vending_self_pay";
  return sim::script_of(p, sim::reference_scripts());
}

// One shard, one worker, participants that say what the test says.
struct scene {
  sim::clock clock;
  sim::cluster log;
  sim::database database;
  metrics counts;
  std::unique_ptr<worker> owner;

  scene() {
    database.clock = &clock;
    auto& t = database.tables;
    for (const auto* topic : {"sim.inbox", "sim.starts", "payment.events"}) {
      log.make_topic(topic, 1);
      t.add_topic(topic, 1, 0);
    }
    for (const auto* topic :
         {"sim.saga-events", "inventory.commands", "payments.commands", "machine.commands"})
      log.make_topic(topic, 1);
    t.add_shard(0);
    t.add_definition("vending_self_pay", 1, self_pay().json());
    take_over();
  }
  void take_over() {
    owner.reset();
    worker_setup s;
    s.prefix = "sim";
    s.node = "one";
    s.shards = 1;
    s.secrets = {{1, "secret"}};
    s.open_store = [this] { return sim::open_store(database); };
    s.open_reader = [this](const std::string&) { return log.open_reader(); };
    s.open_writer = [this](bool, log_writer::on_delivery told) { return log.open_writer(told); };
    s.steady_now = [this] { return clock.steady_now(); };
    s.report = [](const log_entry& what) { MESSAGE(what.text); };
    owner = std::make_unique<worker>(std::move(s), counts);
    pass(0);
  }
  void pass(std::int64_t ms) {
    clock.passed_ms += ms;
    for (int i = 0; i < 5; ++i) owner->turn();
  }
  void say(const char* topic, const std::string& key, const char* type, const std::string& value,
           bool start) {
    std::vector<wire::header> h{{"content-type", "application/json"},
                                {"ce_specversion", "1.0"},
                                {"ce_source", "/test"},
                                {"ce_type", type},
                                {"ce_id", key}};
    if (start) {
      h.push_back({"ce_partitionkey", key});
      h.push_back({"ce_sagakind", "start"});
      h.push_back({"ce_sagatype", "vending_self_pay"});
    }
    log.append(topic, key, h, value);
    pass(1);
  }
  void start(const std::string& key) {
    say("sim.starts", key, "vending.ItemSelected.v1",
        "{\"order_id\":\"" + key + "\",\"slot\":1,\"price_cents\":1}", true);
  }
  void pay(const std::string& key) {
    say("payment.events", key, "vending.CustomerPaid.v1",
        "{\"order_id\":\"" + key + "\",\"payment_id\":\"p\",\"amount_cents\":1}", false);
  }
  // The participant of `topic` answers the last command for `key`.
  void answer(const char* topic, const std::string& key, const char* outcome) {
    const auto& all = log.find(topic)->partitions[0].records;
    wire::frame f;
    for (const auto& r : all) {
      std::string_view rest = r.packed;
      wire::frame one;
      wire::read_frame(rest, one);
      if (one.key == key) f = one;
    }
    const auto e = wire::parse(f.headers).envelope;
    const wire::header h[] = {{"content-type", "application/json"},
                              {"ce_specversion", "1.0"},
                              {"ce_source", "/test"},
                              {"ce_type", "skald.reply.v1"},
                              {"ce_id", "r"},
                              {"ce_partitionkey", key},
                              {"ce_causationid", e.id},
                              {"ce_sagakind", "reply"},
                              {"ce_sagaoutcome", outcome},
                              {"ce_correlationid", e.correlation_id},
                              {"ce_sagatype", e.saga_type},
                              {"ce_sagastep", e.saga_step},
                              {"ce_sagatoken", e.token}};
    log.append("sim.inbox", key, h, "{}");
    pass(1);
  }
  std::size_t commands(const char* topic) { return log.find(topic)->partitions[0].records.size(); }
};
}  // namespace

TEST_CASE("a saga that is opened again is watched by the owner after the next one too") {
  scene s;
  s.start("older");
  s.start("late");
  s.answer("inventory.commands", "late", "declined");  // ABORTED; "older" is open all the while
  s.take_over();                                       // its owner watches "older" only
  s.pay("late");                                       // opened again: the payment is undone
  REQUIRE(s.commands("payments.commands") == 1);
  s.answer("inventory.commands", "older", "declined");
  s.pass(70'000);  // no young saga is left: the shard's numbers move on
  s.pass(2'000);
  const auto sent = s.commands("payments.commands");
  s.take_over();
  for (int i = 0; i < 10; ++i) s.pass(60'000);
  CHECK(s.commands("payments.commands") > sent);
}
