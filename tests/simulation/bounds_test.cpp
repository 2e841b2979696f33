// A worker over the simulated store and log, one turn at a time: what it takes in is bounded,
// whatever waits; starts wait, replies never; and all of it goes on by itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "examples/vending/saga.hpp"
#include "orchestrator/simulate/world.hpp"
#include "orchestrator/worker.hpp"
#include "sagas/json.hpp"

using namespace skald;

namespace {
constexpr int all_sagas = 100;
const secret_key secret{1, "a key of the simulated installation"};

// What the worker's commits were, and what becomes of the next ones.
struct commits {
  std::size_t largest = 0;  // journal lines of one of them
  int lost = 0;             // so many are applied, and their answer never comes
};

struct watched_store final : store {
  watched_store(std::unique_ptr<store> s, commits& c) : behind(std::move(s)), seen(c) {}
  commit_result commit(const batch& b) override {
    seen.largest = std::max(seen.largest, b.journal.size());
    const auto result = behind->commit(b);
    if (seen.lost == 0) return result;
    --seen.lost;
    return {fate::unknown, 0, "PostgreSQL does not answer a commit"};
  }
  void load(std::span<const uuid> ids, std::vector<saga_row>& out) override {
    behind->load(ids, out);
  }
  std::optional<shard_taken> take_over(std::int16_t id, std::optional<std::int64_t> e) override {
    return behind->take_over(id, e);
  }
  std::optional<packed_row> next_packed(std::int16_t id, std::int64_t seq) override {
    return behind->next_packed(id, seq);
  }
  void restore(std::int16_t id, std::int64_t no, std::vector<open_saga>& out) override {
    behind->restore(id, no, out);
  }
  std::vector<topic_row> topics() override { return behind->topics(); }
  std::vector<definition_row> definitions() override { return behind->definitions(); }
  std::string definition_spec(std::int32_t no) override { return behind->definition_spec(no); }
  int take_seat(std::string_view node) override { return behind->take_seat(node); }
  std::int64_t journal_end_no() override { return behind->journal_end_no(); }

  std::unique_ptr<store> behind;
  commits& seen;
};

// One shard, the vending saga, and participants that answer when they are told to.
struct installation {
  sim::clock clock;
  sim::cluster log;
  sim::database database;
  signer tokens{{secret}};
  metrics counts;
  commits seen;
  std::unique_ptr<worker> subject;
  std::map<std::string, std::size_t> answered;  // commands, by topic

  explicit installation(const worker_limits& limits) {
    database.clock = &clock;
    for (const std::string name : {"sim.inbox", "sim.starts"}) {
      log.make_topic(name, 1);
      database.tables.add_topic(name, 1, 0);
    }
    for (const auto* name :
         {"sim.saga-events", "inventory.commands", "payments.commands", "machine.commands"})
      log.make_topic(name, 1);
    database.tables.add_shard(0);
    database.tables.add_definition("vending", 1, to_json(vending::vending_saga));
    worker_setup s;
    s.prefix = "sim";
    s.node = "one";
    s.shards = 1;
    s.limits = limits;
    s.open_store = [this] {
      return std::make_unique<watched_store>(sim::open_store(database), seen);
    };
    s.open_reader = [this](const std::string&) { return log.open_reader(); };
    s.open_writer = [this](bool, log_writer::on_delivery told) { return log.open_writer(told); };
    s.secrets = {secret};
    s.steady_now = [this] { return clock.steady_now(); };
    subject = std::make_unique<worker>(std::move(s), counts);
  }

  void start(const std::string& key) {
    const std::string data = "{\"order_id\":\"" + key + R"(","slot":7,"price_cents":250})";
    const wire::header headers[] = {{"content-type", "application/json"},
                                    {"ce_specversion", "1.0"},
                                    {"ce_id", key},
                                    {"ce_source", "/test"},
                                    {"ce_type", "vending.ItemSelected.v1"},
                                    {"ce_partitionkey", key},
                                    {"ce_sagakind", "start"},
                                    {"ce_sagatype", "vending"}};
    log.append("sim.starts", key, headers, data);
  }
  // A topic that other people write to, and the saga that binds it.
  void add(const std::string& topic, const definition& bound) {
    log.make_topic(topic, 1);
    database.tables.add_topic(topic, 1, 0);
    database.tables.add_definition(std::string(bound.name), 1, to_json(bound));
  }
  void happens(const std::string& topic, const std::string& type, const std::string& key,
               const std::string& data) {
    const wire::header headers[] = {{"content-type", "application/json"},
                                    {"ce_specversion", "1.0"},
                                    {"ce_id", key},
                                    {"ce_source", "/test"},
                                    {"ce_type", type}};
    log.append(topic, key, headers, data);
  }
  // The usual answer to every command that lies in the log; how many there were.
  int answer_all() {
    int count = 0;
    for (const auto* name : {"inventory.commands", "payments.commands", "machine.commands"}) {
      const auto& records = log.find(name)->partitions[0].records;
      for (auto& next = answered[name]; next < records.size(); ++next, ++count) {
        wire::frame f;
        std::string_view rest = records[next].packed;
        REQUIRE(wire::read_frame(rest, f));
        reply(f);
      }
    }
    return count;
  }
  // Turns until nothing is to be done; `after` each of them.
  void turn(const std::function<void()>& after = [] {}) {
    constexpr int most_turns = 10'000;
    int turns = 0;
    for (int idle = 0; idle < 3 && turns < most_turns; ++turns) {
      idle = subject->turn() ? 0 : idle + 1;
      clock.passed_ms += 1;
      after();
    }
    CHECK(turns < most_turns);
  }
  int completed() {
    int count = 0;
    for (const auto& s : database.tables.sagas)
      count += s.phase == static_cast<std::uint8_t>(machine::phase::completed);
    return count;
  }
  std::size_t open() const {
    return static_cast<std::size_t>(subject->gauges().sagas_active.value());
  }
  double starts_paused() const { return subject->gauges().starts_paused.value(); }

 private:
  void reply(const wire::frame& command) {
    const auto asked = wire::parse(command.headers).envelope;
    const std::pair<std::string_view, std::string_view> said =
        asked.saga_step == "reserve"
            ? std::pair("vending.ItemReserved.v1", R"({"reservation_id":"r"})")
        : asked.saga_step == "charge"
            ? std::pair("vending.PaymentCompleted.v1", R"({"payment_id":"p"})")
            : std::pair("vending.DrinkDispensed.v1", "{}");
    const auto id = std::string(asked.id) + "/ok";
    const wire::header headers[] = {{"content-type", "application/json"},
                                    {"ce_specversion", "1.0"},
                                    {"ce_id", id},
                                    {"ce_source", "/test"},
                                    {"ce_type", said.first},
                                    {"ce_partitionkey", command.key},
                                    {"ce_correlationid", asked.correlation_id},
                                    {"ce_causationid", asked.id},
                                    {"ce_sagakind", "reply"},
                                    {"ce_sagaoutcome", "ok"},
                                    {"ce_sagatype", asked.saga_type},
                                    {"ce_sagastep", asked.saga_step},
                                    {"ce_sagatoken", asked.token}};
    log.append("sim.inbox", command.key, headers, said.second);
  }
};
}  // namespace

TEST_CASE("participants that lag: starts wait in the log, replies are used, it resumes alone") {
  constexpr std::size_t most = 20, a_batch = 10;
  constexpr auto bound = most + 2 * a_batch;  // what reaches it, and what was read beside that
  worker_limits limits;
  limits.open_sagas_per_shard = most;
  limits.batch_records = a_batch;
  installation i(limits);
  for (int n = 0; n < all_sagas; ++n) i.start("k" + std::to_string(n));
  const auto bounded = [&] { CHECK(i.open() <= bound); };
  i.turn(bounded);
  CHECK(i.starts_paused() == 1);
  CHECK(i.open() >= most);
  CHECK(i.database.tables.sagas.size() <= bound);
  CHECK(i.completed() == 0);

  REQUIRE(i.answer_all() > 0);  // of the first step only: they are used, and none of them ends
  const auto rows = i.database.tables.sagas.size();
  i.turn(bounded);
  CHECK(i.database.tables.sagas.size() == rows);
  CHECK(i.starts_paused() == 1);
  CHECK(i.log.find("payments.commands")->partitions[0].records.size() == rows);

  while (i.answer_all() > 0) i.turn(bounded);
  CHECK(i.completed() == all_sagas);
  CHECK(i.starts_paused() == 0);
  CHECK(i.seen.largest <= a_batch);
}

TEST_CASE("sagas that only wait for their start keep nobody from starting") {
  constexpr std::size_t most = 20;
  worker_limits limits;
  limits.open_sagas_per_shard = most;
  installation i(limits);
  i.add("payment.events", vending::self_pay_saga);
  for (std::size_t n = 0; n < 2 * most; ++n) {
    const auto key = "stranger-" + std::to_string(n);
    i.happens("payment.events", "vending.CustomerPaid.v1", key,
              R"({"order_id":")" + key + R"(","payment_id":"p","amount_cents":250})");
  }
  i.turn();
  REQUIRE(i.open() == 2 * most);
  for (int n = 0; n < 10; ++n) i.start("k" + std::to_string(n));
  i.turn();
  CHECK(i.starts_paused() == 0);
  while (i.answer_all() > 0) i.turn();
  CHECK(i.completed() == 10);
}

TEST_CASE("a topic of others whose events only start sagas waits like the starts do") {
  constexpr std::size_t most = 20, a_batch = 10;
  worker_limits limits;
  limits.open_sagas_per_shard = most;
  limits.batch_records = a_batch;
  installation i(limits);
  auto shop = vending::vending_saga;
  shop.name = "shop";
  shop.starts.topic = "shop.orders";
  i.add("shop.orders", shop);
  for (int n = 0; n < all_sagas; ++n) {
    const auto key = "k" + std::to_string(n);
    i.happens("shop.orders", "vending.ItemSelected.v1", key,
              "{\"order_id\":\"" + key + R"(","slot":7,"price_cents":250})");
  }
  i.turn([&] { CHECK(i.open() <= most + 2 * a_batch); });
  CHECK(i.starts_paused() == 1);
  while (i.answer_all() > 0) i.turn();
  CHECK(i.completed() == all_sagas);
  CHECK(i.starts_paused() == 0);
}

TEST_CASE("a slow database: what waits stays in the log, no commit outgrows its batch") {
  constexpr std::size_t a_batch = 10;
  worker_limits limits;
  limits.batch_records = a_batch;
  installation i(limits);
  i.turn();
  for (int n = 0; n < all_sagas; ++n) i.start("k" + std::to_string(n));
  const auto& shard = i.database.tables.shards[0];
  std::int64_t read = shard.next_offset[1];
  i.turn([&] {
    CHECK(shard.next_offset[1] - read <= static_cast<std::int64_t>(a_batch));
    read = shard.next_offset[1];
  });
  CHECK(read == all_sagas);
  CHECK(i.seen.largest == a_batch);
  while (i.answer_all() > 0) i.turn();
  CHECK(i.completed() == all_sagas);
}

TEST_CASE("a database too slow to answer a commit: it is taken over again, nothing twice") {
  worker_limits limits;
  limits.batch_records = 10;
  installation i(limits);
  i.turn();
  for (int n = 0; n < all_sagas; ++n) i.start("k" + std::to_string(n));
  i.seen.lost = 3;
  const auto epoch = i.database.tables.shards[0].epoch;
  i.turn();
  while (i.answer_all() > 0) i.turn();
  CHECK(i.counts.unknown_commits.value() == 3);
  CHECK(i.database.tables.shards[0].epoch == epoch + 3);
  CHECK(i.completed() == all_sagas);
  for (const auto& s : i.database.tables.sagas) {
    CHECK(s.seq >= 4);
    CHECK(s.journal.size() == static_cast<std::size_t>(s.seq));
  }
}
