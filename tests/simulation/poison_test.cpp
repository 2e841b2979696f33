// The poison corpus through the real batch path: each record is in quarantine with its reason, and
// what lies behind it on the partition is applied as if it had not been there.
#include "orchestrator/simulate/poison.hpp"

#include <doctest/doctest.h>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "orchestrator/worker.hpp"

using namespace skald;

namespace {
constexpr const char* starts = "sim.starts";

const sim::script& voucher() {
  sim::plan p;
  p.definition = "voucher";
  return sim::script_of(p, sim::reference_scripts());
}

// One shard, one worker, nobody who answers.
struct scene {
  sim::clock clock;
  sim::cluster log;
  sim::database database;
  metrics counts;
  std::unique_ptr<worker> owner;

  scene() {
    database.clock = &clock;
    auto& t = database.tables;
    for (const auto* topic : {"sim.inbox", starts}) {
      log.make_topic(topic, 1);
      t.add_topic(topic, 1, 0);
    }
    for (const auto* topic : {"sim.saga-events", "vouchers.commands"}) log.make_topic(topic, 1);
    t.add_shard(0);
    t.add_definition("voucher", 1, voucher().json());
    worker_setup s;
    s.prefix = "sim";
    s.node = "one";
    s.shards = 1;
    s.secrets = {{1, "secret"}};
    s.open_store = [this] { return sim::open_store(database); };
    s.open_reader = [this](const std::string&) { return log.open_reader(); };
    s.open_writer = [this](bool, log_writer::on_delivery told) { return log.open_writer(told); };
    s.steady_now = [this] { return clock.steady_now(); };
    s.report = [](const log_entry&) {};
    owner = std::make_unique<worker>(std::move(s), counts);
  }
  void add(const sim::raw_record& r) {
    const auto view = [](const auto& text) {
      return text ? std::string_view(*text) : std::string_view();
    };
    log.append(starts, view(r.key), r.views(), view(r.value), 0);
  }
  void work() {
    for (int i = 0; i < 200; ++i) owner->turn();
  }
};
}  // namespace

TEST_CASE("poison: quarantined with its reason, and the shard goes on") {
  scene s;
  std::size_t i = 0;
  for (const auto& p : sim::all_poison()) {
    auto r = sim::good_start(voucher(), "poisoned" + std::to_string(i));
    p.spoil(r);
    s.add(r);
    s.add(sim::good_start(voucher(), "good" + std::to_string(i++)));
  }
  s.work();
  const auto& kept = s.database.tables.quarantine;
  REQUIRE(kept.size() == sim::all_poison().size());
  for (const auto& q : kept) {
    const auto& p = sim::all_poison()[static_cast<std::size_t>(q.offset / 2)];
    INFO(p.name, ": ", q.reason);
    CHECK(q.offset % 2 == 0);
    CHECK(q.reason.find(p.reason) != std::string::npos);
  }
  CHECK(s.database.tables.sagas.size() == kept.size());
  for (const auto& saga : s.database.tables.sagas) CHECK(saga.key.starts_with("good"));
  CHECK(s.database.tables.shards[0].next_offset[1] == static_cast<std::int64_t>(2 * kept.size()));
}

TEST_CASE("what only looks like poison is applied as it is") {
  scene s;
  const std::string_view keys[] = {
      "'; drop table saga; --", "\"quoted\"", "\\0",      "../../etc", "ключ",
      "key with spaces",        "%s%n",       "{\"a\":1}"};
  for (const auto key : keys) {
    auto r = sim::good_start(voucher(), "in the data");
    r.key = key;
    s.add(r);
  }
  auto twice = sim::good_start(voucher(), "names twice");
  twice.value->insert(1, R"("same":1,"same":{},)");
  s.add(twice);
  auto wide = sim::good_start(voucher(), "wide");
  wide.header("ce_source") = std::string(4'096, 'x');
  s.add(wide);
  s.work();
  for (const auto& q : s.database.tables.quarantine) MESSAGE(q.reason);
  CHECK(s.database.tables.quarantine.empty());
  REQUIRE(s.database.tables.sagas.size() == std::size(keys) + 2);
  for (std::size_t i = 0; i < std::size(keys); ++i)
    CHECK(s.database.tables.sagas[i].key == keys[i]);
}
