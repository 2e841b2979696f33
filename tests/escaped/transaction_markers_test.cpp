// A topic that others write in transactions ends with offsets that are no record: a marker for each
// transaction, and what was aborted. The service remembered its last record; when Kafka had removed
// all that lay before and behind it, it took nothing for lost records and halted the shard.
#include <unistd.h>

#include "examples/vending/saga.hpp"
#include "orchestrator/audit/topics.hpp"
#include "orchestrator/simulate/run.hpp"
#include "orchestrator/worker.hpp"
#include "outbox/ids.hpp"
#include "outbox/kafka/handle.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
constexpr int within_ms = 30'000;

// A service that publishes in transactions, and the retention of its topic.
struct strangers_topic {
  strangers_topic(const kafka::connection& to, std::string name) : topic(std::move(name)) {
    const std::array<std::pair<const char*, std::string>, 1> ours{{{"transactional.id", topic}}};
    handle = kafka::make_handle(RD_KAFKA_PRODUCER, kafka::make_configuration(to, ours, owner));
    kafka::check("init", rd_kafka_init_transactions(handle.get(), within_ms));
  }

  void publish(const std::string& key, std::string value, bool commit) {
    kafka::check("begin", rd_kafka_begin_transaction(handle.get()));
    const kafka::owned<rd_kafka_topic_t> to(rd_kafka_topic_new(handle.get(), topic.c_str(), {}));
    REQUIRE(rd_kafka_produce(to.get(), 0, RD_KAFKA_MSG_F_COPY, value.data(), value.size(),
                             key.data(), key.size(), nullptr) == 0);
    kafka::check("flush", rd_kafka_flush(handle.get(), within_ms));
    kafka::check("end", commit ? rd_kafka_commit_transaction(handle.get(), within_ms)
                               : rd_kafka_abort_transaction(handle.get(), within_ms));
  }

  void remove_all() {
    const std::array all{position{{topic, 0}, RD_KAFKA_OFFSET_END}};
    auto* what = rd_kafka_DeleteRecords_new(kafka::make_list(std::span(all)).get());
    const kafka::owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle.get()));
    rd_kafka_DeleteRecords(handle.get(), &what, 1, nullptr, queue.get());
    const kafka::owned<rd_kafka_event_t> done(rd_kafka_queue_poll(queue.get(), within_ms));
    rd_kafka_DeleteRecords_destroy(what);
    REQUIRE(done);
    kafka::check("remove", rd_kafka_event_error(done.get()));
  }

  const std::string topic;
  kafka::handle_owner owner;
  kafka::owned<rd_kafka_t> handle;
};

void pay(strangers_topic& till, const std::string& key, bool really) {
  till.publish(key,
               R"({"type":"vending.CustomerPaid.v1","amount_cents":250,"order_id":")" + key +
                   R"(","payment_id":")" + key + "\"}",
               really);
}

// `read_to`: up to where the service says that it has read partition 0.
void survive_retention(world& w, const std::function<std::int64_t(const std::string&)>& read_to) {
  const auto to = w.service_settings().kafka;
  strangers_topic till(to, "payment-" + w.run + ".events");
  w.serve();
  w.activate(json_of(vending::self_pay_saga));
  w.start_drink("before");
  pay(till, "before", true);
  pay(till, "never", false);
  w.until_phase("before", "completed");
  const auto admin = kafka::open_admin(to);
  const std::int64_t end = 4;  // a record, what was aborted, and their markers, which come later
  w.until("the last marker", [&] { return admin->watermarks({till.topic, 0}).high == end; });
  w.until("read to the end", [&] { return read_to(till.topic) == end; });
  w.stop_service();

  till.remove_all();
  REQUIRE(admin->watermarks({till.topic, 0}).low == end);
  w.serve();
  w.start_drink("after");
  pay(till, "after", true);
  w.until_phase("after", "completed");
  w.stop_service();
  for (const auto& line : w.reports)
    CHECK_MESSAGE(line.find("Records are lost") == line.npos, line);
}
}  // namespace

TEST_CASE("a shard goes on when all of a topic written in transactions has been removed") {
  world w(broker::real, vending_json(), 1);
  survive_retention(w, [&](const std::string& topic) {
    return w.count("select next_offset[t.no] from shard, topic t where t.name = '" + topic + "'");
  });
}

TEST_CASE("forwarding goes on when all of a topic written in transactions has been removed") {
  world w(broker::real, vending_json(), 1);
  w.make_topic("payment-" + w.run + ".events", 2);
  std::unique_ptr<log_reader> look;
  survive_retention(w, [&](const std::string& topic) -> std::int64_t {
    if (!look)
      look =
          kafka::open_reader(w.service_settings().kafka, {.group = w.prefix + ".forward." + topic});
    const auto known = look->committed(std::array{partition{topic, 0}});
    return known.empty() ? -1 : known.front().offset;
  });
}

TEST_CASE("a reader that paused behind markers goes on there, whatever was removed meanwhile") {
  const char* address = std::getenv("SKALD_TEST_KAFKA");
  REQUIRE(address);
  const kafka::connection to{.bootstrap = address};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  strangers_topic till(to, "paused." + std::to_string(::getpid()) + "." + std::to_string(now));
  kafka::open_admin(to)->ensure_topic(till.topic, 1, 3'600'000);
  const auto reader = kafka::open_reader(to, {});
  std::vector<wire::record> records;
  std::int64_t read = 0, end = -1;
  const auto until = [&](auto done) {
    for (const auto late = std::chrono::steady_clock::now() + patience; !done();) {
      REQUIRE(std::chrono::steady_clock::now() < late);
      reader->wait(milliseconds(100));
      records.clear();
      reader->poll(records, 10, 1'000);  // throws when it takes records for lost
      read += static_cast<std::int64_t>(records.size());
      for (const auto& p : reader->ends()) end = p.offset;
    }
  };
  const std::array mine{partition{till.topic, 0}};
  reader->assign(std::array{position{mine[0], 0}});
  till.publish("k", "{}", true);
  till.publish("k", "{}", false);
  until([&] { return end == 4; });
  CHECK(read == 1);
  reader->pause(mine);
  till.remove_all();
  till.publish("k", "{}", true);
  reader->resume(mine);
  until([&] { return end == 6; });
  CHECK(read == 2);
}

TEST_CASE("a position behind markers is written, once a second at most") {
  sim::clock clock;
  sim::cluster log;
  sim::database database;
  database.clock = &clock;
  for (const auto* topic : {"sim.inbox", "sim.starts", "sim.saga-events"}) log.make_topic(topic, 1);
  for (const auto* topic : {"sim.inbox", "sim.starts"}) database.tables.add_topic(topic, 1, 0);
  database.tables.add_shard(0);
  metrics counts;
  worker_setup s;
  s.prefix = "sim";
  s.shards = 1;
  s.secrets = {{1, "secret"}};
  s.open_store = [&] { return sim::open_store(database); };
  s.open_reader = [&](const std::string&) { return log.open_reader(); };
  s.open_writer = [&](bool, log_writer::on_delivery told) { return log.open_writer(told); };
  s.steady_now = [&] { return clock.steady_now(); };
  worker w(std::move(s), counts);
  const auto position_after = [&](std::int64_t ms) {
    clock.passed_ms += ms;
    for (int i = 0; i < 3; ++i) w.turn();
    return database.tables.shards[0].next_offset;
  };
  using offsets = std::vector<std::int64_t>;
  CHECK(position_after(0) == offsets{0, 0});
  log.append_marker("sim.starts", 0);
  CHECK(position_after(10) == offsets{0, 0});
  CHECK(position_after(1'000) == offsets{0, 1});
  REQUIRE(log.append("sim.starts", "k", {}, "no start", 0));
  CHECK(position_after(10) == offsets{0, 2});  // with what became of the record
  log.append_marker("sim.starts", 0);
  log.append_marker("sim.inbox", 0);
  w.rejoin();
  CHECK(position_after(0) == offsets{0, 2});
  CHECK(position_after(1'000) == offsets{1, 3});
}

TEST_CASE("an audit reads a stretch that ends with markers") {
  sim::cluster log;
  for (const auto* topic : {"at-its-end", "in-between"}) {
    log.make_topic(topic, 1);
    REQUIRE(log.append(topic, "k", {}, "v", 0));
    log.append_marker(topic, 0);
    log.append_marker(topic, 0);
  }
  REQUIRE(log.append("in-between", "k", {}, "younger than the audit", 0));
  std::vector<std::string> seen;
  audit::read_all(*log.open_reader(), {{{"at-its-end", 0}, {0, 3}}, {{"in-between", 0}, {0, 3}}},
                  [&](const wire::record& r) { seen.emplace_back(r.value); });
  CHECK(seen == std::vector<std::string>{"v", "v"});
}
