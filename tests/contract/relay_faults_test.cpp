// The relay on bad days: records that the broker refuses, sessions that end, leaders that stall,
// services that are away.
#include <doctest/doctest.h>

#include "outbox/relay.hpp"
#include "tests/contract/relay_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
void end_relay_sessions(relay_world& w) {
  w.app.exec(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
      " and classid = 813730 and database = (select oid from pg_database"
      " where datname = current_database())");
}
}  // namespace

TEST_CASE("of a batch that the broker refuses, only the record to blame is set aside") {
  relay_world w(true);
  told t;
  kafka::writer_settings large;
  large.max_record_bytes = 8'000'000;  // the broker takes 1 MB
  large.compression = "none";
  std::map<std::string, int> written;
  for (int i = 1; i <= 60; ++i) {
    w.insert("k", std::to_string(i));
    if (i == 30)
      w.app.exec(
          "insert into outbox(topic, key, payload)"
          " values ($1, 'k', convert_to(repeat('x', 2000000), 'UTF8'))",
          {w.topic});
  }
  written["k"] = 60;
  auto relay = w.start(t, w.settings(), large);
  REQUIRE(t.wait([](auto& now) { return now.rejected_.size() == 1; }));
  CHECK(t.rejected_.begin()->second.find("too large") != std::string::npos);
  w.insert("k", "61");
  written["k"] = 61;
  const auto v = judge(w.read_all(written), written);
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
  relay->stop();
  CHECK(relay->count().restarts >= 1);
  CHECK(relay->count().rejected == 1);
  CHECK(w.count() == 0);
}

TEST_CASE("one relay leads, and another takes over when it stops or loses its session") {
  relay_world w;
  told one, two;
  auto first = w.start(one);
  REQUIRE(one.wait_leading());
  auto second = w.start(two);
  w.insert("k", "1");
  REQUIRE(w.read(1).size() == 1);
  CHECK_FALSE(second->count().leading);
  first->stop();
  first->stop();
  REQUIRE(two.wait_leading());
  w.insert("k", "2");
  REQUIRE(w.read(2).size() == 2);

  told three;
  auto third = w.start(three);
  end_relay_sessions(w);
  REQUIRE(two.wait_trouble() != "");
  w.insert("k", "3");
  const auto got = w.read_all({{"k", 3}});  // the second may come twice: its session was ended
  CHECK(judge(got, {{"k", 3}}).lost == 0);
  CHECK(judge(got, {{"k", 3}}).order_violations == 0);
}

TEST_CASE("a zombie that wakes after another has taken over loses and reorders nothing") {
  // A relay's send() waits at the barrier while the test ends its session and lets another lead.
  struct barrier {
    std::mutex mutex;
    std::condition_variable changed;
    bool closed = false, reached = false;
  };
  struct held_writer final : log_writer {
    held_writer(std::unique_ptr<log_writer> w, barrier& b) : real(std::move(w)), at(b) {}
    sent send(string_view topic, string_view key, std::span<const wire::header> headers,
              string_view value, std::uint64_t tag, std::int32_t partition) override {
      if (value == "40") {
        std::unique_lock lock(at.mutex);
        at.reached = true;
        at.changed.notify_all();
        at.changed.wait_for(lock, patience, [&] { return !at.closed; });
      }
      return real->send(topic, key, headers, value, tag, partition);
    }
    std::size_t poll() override { return real->poll(); }
    bool flush(milliseconds at_most) override { return real->flush(at_most); }
    std::size_t queued() const override { return real->queued(); }
    std::unique_ptr<log_writer> real;
    barrier& at;
  };
  relay_world w;
  barrier at;
  at.closed = true;
  told one, two;
  auto log = kafka::relay_log(w.kafka, {});
  relay zombie(
      w.settings(),
      [&](bool careful, auto served) -> std::unique_ptr<log_writer> {
        return std::make_unique<held_writer>(log(careful, std::move(served)), at);
      },
      one.events());
  for (int i = 1; i <= 100; ++i) w.insert("k", std::to_string(i));
  zombie.start();
  {
    std::unique_lock lock(at.mutex);
    REQUIRE(at.changed.wait_for(lock, patience, [&] { return at.reached; }));
  }
  // Nobody waits in a transaction for Kafka: it would hold back the cleaning of all tables.
  CHECK(w.app
            .exec("select count(*) from pg_stat_activity where datname = current_database()"
                  " and pid <> pg_backend_pid() and xact_start is not null"
                  " and backend_type = 'client backend'")
            .number(0, 0) == 0);
  end_relay_sessions(w);
  auto heir = w.start(two);
  REQUIRE(two.wait_leading());
  for (int i = 101; i <= 150; ++i) w.insert("k", std::to_string(i));
  {
    std::lock_guard lock(at.mutex);
    at.closed = false;
    at.changed.notify_all();
  }
  REQUIRE(one.wait_trouble() != "");
  const std::map<std::string, int> written{{"k", 150}};
  const auto v = judge(w.read_all(written), written);
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
}

TEST_CASE("a broker that goes away and comes back costs neither a record nor the order") {
  relay_world w;
  told t;
  auto settings = w.settings();
  settings.batch_rows = 50;
  auto relay = w.start(t, settings, {});
  for (std::uint64_t outage = 1; outage <= 3; ++outage) {
    w.fill(1'000);
    w.set_kafka_down(true);  // the relay is in the middle of these
    w.fill(1'000);
    w.set_kafka_down(false);
    REQUIRE(t.wait([&](auto&) { return relay->count().sent == outage * 2'000; }));
  }
  const auto v = judge(w.read_all(w.filled()), w.filled());
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
  CHECK(relay->count().rejected == 0);
}

TEST_CASE("services that are away are said in a sentence, and stop does not wait for them") {
  relay_settings nowhere;
  nowhere.postgres = "postgresql://joe@127.0.0.1:1/shop";
  kafka::connection none;
  none.bootstrap = "127.0.0.1:1";
  told t;
  relay r(nowhere, kafka::relay_log(none), t.events());
  r.stop();  // before start: nothing
  relay away(nowhere, kafka::relay_log(none), t.events());
  away.start();
  CHECK(t.wait_trouble().find("127.0.0.1:1, database shop") != std::string::npos);
  auto begin = steady::now();
  away.stop();
  CHECK(steady::now() - begin < 5s);

  relay_world w;
  w.app.exec_script("drop view outbox_debezium; drop table outbox");
  told missing;
  auto without_table = w.start(missing);
  CHECK(missing.wait_trouble().find("outbox") != std::string::npos);
}
