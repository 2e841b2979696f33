// A broker that takes no more: starts wait in the log, replies go on up to a bound of their own. A
// PostgreSQL that is slow: what is not asked for stays in the log.
#include <malloc.h>

#include <atomic>
#include <future>

#include "orchestrator/prepare.hpp"
#include "orchestrator/store_postgres.hpp"
#include "outbox/ids.hpp"
#include "tests/contract/run/world.hpp"
#include "tests/support/text.hpp"

using namespace skald;
using namespace skald::test;

namespace {
struct gate {
  std::atomic<bool> shut{true};
  std::atomic<int> knocks{0};  // since it is shut
};

// Kafka's writer behind a gate: shut, it says full.
struct gated_writer final : log_writer {
  gated_writer(std::unique_ptr<log_writer> w, gate& g) : behind(std::move(w)), at(g) {}
  sent send(string_view topic, string_view key, std::span<const wire::header> headers,
            string_view value, std::uint64_t tag, std::int32_t partition) override {
    if (at.shut) return ++at.knocks, sent::full;
    return behind->send(topic, key, headers, value, tag, partition);
  }
  std::size_t poll() override { return behind->poll(); }
  bool flush(milliseconds at_most) override { return behind->flush(at_most); }
  std::size_t queued() const override { return behind->queued(); }

  std::unique_ptr<log_writer> behind;
  gate& at;
};

worker_setup setup_of(world& w, gate& at) {
  const auto s = w.service_settings();
  worker_setup setup;
  setup.prefix = s.prefix;
  setup.shards = s.shards;
  setup.secrets = live_secrets(w.database());
  setup.report = [](const log_entry& e) {
    if (e.severity != severity::info) FAIL_CHECK(e.text);
  };
  setup.open_store = [s] { return open_postgres_store(s.postgres_url); };
  setup.open_reader = [s](const std::string&) {
    return kafka::open_reader(s.kafka, {.group = s.prefix});
  };
  setup.open_writer = [s, &at](bool, log_writer::on_delivery told) {
    return std::make_unique<gated_writer>(kafka::open_writer(s.kafka, {}, std::move(told)), at);
  };
  return setup;
}

const answer dispensed{"ok", "vending.DrinkDispensed.v1", R"({"order_id":"any"})"};

// By all threads, librdkafka's too.
std::int64_t bytes_in_use() {
  const auto all = ::mallinfo2();
  return static_cast<std::int64_t>(all.uordblks + all.hblkhd);
}

void send_starts(const world& w, std::size_t count, const std::string& note) {
  const auto writer = kafka::open_writer(w.service_settings().kafka, {}, [](const auto&) {});
  const auto rest = R"(","slot":7,"price_cents":250,"note":")" + note + "\"}";
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = "many-" + std::to_string(i), id = "start-" + key;
    const std::vector<wire::header> headers{{"ce_specversion", "1.0"},
                                            {"ce_id", id},
                                            {"ce_source", "/test"},
                                            {"ce_type", "vending.ItemSelected.v1"},
                                            {"ce_partitionkey", key},
                                            {"ce_sagakind", "start"},
                                            {"ce_sagatype", w.definition},
                                            {"content-type", "application/json"}};
    REQUIRE(writer->send(w.prefix + ".starts", key, headers, R"({"order_id":")" + key + rest, 0) ==
            log_writer::sent::queued);
  }
  REQUIRE(writer->flush(patience));
}

std::int64_t rows_of(world& w, const std::string& key) {
  return w.count("select count(*) from saga where key = '" + key + "'");
}
}  // namespace

TEST_CASE("a full producer: starts wait, replies are used, and all goes on by itself") {
  world w(broker::real, vending_json());
  gate at;
  metrics counts;
  worker subject(setup_of(w, at), counts);
  subject.start();
  w.start_drink("f-1");  // its first command finds the gate shut
  w.until("starts wait", [&] { return subject.gauges().starts_paused.value() == 4; });
  w.start_drink("f-2");
  for (const auto* key : {"f-3", "f-4", "f-5"}) w.reply_early(key, "dispense", dispensed);
  for (const auto* key : {"f-3", "f-4", "f-5"}) w.until_phase(key, "parked");
  CHECK(rows_of(w, "f-2") == 0);
  CHECK(w.commands.empty());
  at.shut = false;
  w.until_phase("f-1", "completed");
  w.until_phase("f-2", "completed");
  w.until("starts wait no more", [&] { return subject.gauges().starts_paused.value() == 0; });
  subject.stop();
}

TEST_CASE("above the second bound replies wait too") {
  world w(broker::real, vending_json());
  gate at;
  metrics counts;
  auto setup = setup_of(w, at);
  setup.limits.most_unacked_bytes = 1;
  worker subject(setup, counts);
  subject.start();
  w.start_drink("b-1");
  w.until("starts wait", [&] { return subject.gauges().starts_paused.value() == 4; });
  w.reply_early("b-2", "dispense", dispensed);
  w.start_drink("b-3");
  const int many_turns = at.knocks + 100;  // half a second
  w.until("it has looked", [&] { return at.knocks > many_turns; });
  CHECK(counts.messages_consumed.at({w.prefix + ".starts"}).value() == 1);
  at.shut = false;
  w.until_phase("b-1", "completed");
  w.until_phase("b-2", "parked");
  w.until_phase("b-3", "completed");
  subject.stop();
}

TEST_CASE("a full producer at a take-over: stop is heard; what was committed is sent first") {
  world w(broker::real, vending_json());
  gate at;
  metrics counts;
  {
    worker before(setup_of(w, at), counts);
    before.start();
    w.start_drink("t-1");
    w.until("its command is committed",
            [&] { return w.count("select count(*) from outbox_batch") == 1; });
    before.stop();
  }
  auto again = std::make_unique<worker>(setup_of(w, at), counts);
  at.knocks = 0;
  again->start();
  w.until("it has looked", [&] { return at.knocks > 10; });
  auto stopped = std::async(std::launch::async, [&] { again->stop(); });
  CHECK(stopped.wait_for(patience) == std::future_status::ready);
  at.shut = false;  // or it would never end
  stopped.wait();
  CHECK(w.commands.empty());

  at.shut = true;
  again = std::make_unique<worker>(setup_of(w, at), counts);
  at.knocks = 0;
  again->start();
  w.until("it has looked", [&] { return at.knocks > 10; });
  const auto shard = murmur2_partition("t-1", 4);
  for (int i = 0; i < 20; ++i)
    if (const auto key = "t-" + std::to_string(i); murmur2_partition(key, 4) == shard && i != 1)
      w.reply_early(key, "dispense", dispensed);
  const int many_turns = at.knocks + 20;
  w.until("it has looked on", [&] { return at.knocks > many_turns; });
  // Its shard waits for the writer.
  CHECK(counts.messages_consumed.at({w.prefix + ".inbox"}).value() == 0);
  at.shut = false;
  w.until_phase("t-1", "completed");
  again->stop();
}

TEST_CASE("a slow PostgreSQL: memory stays bounded, whatever waits in the log") {
  constexpr std::size_t starts = 1'600, start_bytes = 25'000;
  constexpr std::int64_t bound = 26 << 20;
  static_assert(starts * start_bytes > bound * 7 / 5);
  world w(broker::real, vending_json());
  w.sql(
      "create function wait() returns trigger language plpgsql as "
      "$$ begin perform pg_sleep(0.3); return null; end $$");
  w.sql("create trigger wait after insert on saga execute function wait()");
  w.on["vending.ReserveItem.v1"] = [](const seen_command&) { return std::nullopt; };
  send_starts(w, starts, incompressible(start_bytes));
  gate open{.shut = false};
  metrics counts;
  auto setup = setup_of(w, open);
  setup.limits.batch_bytes = 1 << 20;
  setup.open_reader = [s = w.service_settings()](const std::string&) {
    return kafka::open_reader(s.kafka, {.group = s.prefix, .prefetched_kib = 2048});
  };
  worker subject(setup, counts);
  const auto before = bytes_in_use();
  auto most = before;
  subject.start();
  w.until("a tenth has begun, in a few commits", [&] {
    most = std::max(most, bytes_in_use());
    return w.count("select count(*) from saga") >= std::int64_t{starts / 10};
  });
  CHECK(most - before < bound);
  subject.stop();
}
