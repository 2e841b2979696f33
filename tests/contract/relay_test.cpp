// The relay's promises, one by one; relay_stress_test.cpp has them under load.
#include "outbox/relay.hpp"

#include <doctest/doctest.h>

#include "outbox/postgres/pipeline.hpp"
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
std::int64_t scans_of(relay_world& w) {
  return w.app.exec("select seq_scan from pg_stat_user_tables where relname = 'outbox'")
      .number(0, 0);
}
}  // namespace

TEST_CASE("what is written in a committed transaction arrives as it is, and its row goes") {
  relay_world w;
  told t;
  auto relay = w.start(t);
  REQUIRE(t.wait_asleep());
  {
    pg::transaction tx(w.app);
    outbox::write(tx.native(), {w.topic, "lost", {}, "x"});
  }
  {
    pg::transaction tx(w.app);
    outbox::message m{
        w.topic, "k", {{"a", "1"}, {"Grüße", "\"\\\n{},"}, {"a", ""}}, std::string("\0\xff", 2)};
    outbox::write(tx.native(), m);
    outbox::write(tx.native(), {{w.topic, "k", {}, std::nullopt},
                                {w.topic, std::nullopt, {}, "any,{}\"\\'"},
                                outbox::event(w.topic, "k", "shop.Paid.v1", "/shop", "e-1", "{}")});
    tx.commit();
  }
  auto got = w.read(4);
  REQUIRE(got.size() == 4);
  std::vector<arrived> of_key;
  for (auto& a : got)
    if (a.has_key)
      of_key.push_back(a);
    else
      CHECK(a.value == "any,{}\"\\'");
  REQUIRE(of_key.size() == 3);
  CHECK(of_key[0].value == std::string("\0\xff", 2));
  REQUIRE(of_key[0].headers.size() == 3);
  CHECK(of_key[0].headers[1].first == "Grüße");
  CHECK(of_key[0].headers[1].second == "\"\\\n{},");
  CHECK_FALSE(of_key[1].has_value);
  std::vector<wire::header> headers;
  for (auto& [name, value] : of_key[2].headers) headers.push_back({name, value});
  auto event = wire::parse(headers);
  CHECK(event.problem == "");
  CHECK(event.envelope.type == "shop.Paid.v1");
  CHECK(event.envelope.partition_key == "k");
  relay->stop();
  CHECK(w.count() == 0);
  CHECK(relay->count().sent == 4);
}

TEST_CASE("a sleeping relay is woken by each commit, never by its poll") {
  relay_world w;
  told t;
  auto settings = w.settings();
  settings.poll_at_most = 300s;
  auto relay = w.start(t, settings, {});
  std::map<std::string, int> written;
  for (int i = 1; i <= 150; ++i) {
    if (i % 3) REQUIRE(t.wait([](auto& now) { return now.asleep_ > 0; }));
    w.insert("k", std::to_string(i));
    written["k"] = i;
  }
  auto got = w.read(150);
  auto v = judge(got, written);
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
}

TEST_CASE("a row that cannot be produced is set aside with its reason, the others go on") {
  relay_world w(true);
  told t;
  kafka::writer_settings small;
  small.max_record_bytes = 20'000;
  small.unknown_topic_after = 200ms;
  w.insert("k", "1");
  w.insert("k", std::string(50'000, 'x'));
  w.app.exec("insert into outbox(topic, key, headers, payload) values ($1, 'k', '[1]', 'x')",
             {w.topic});
  w.app.exec("insert into outbox(topic, key, payload) values ('no.such.topic.' || $1, 'k', 'x')",
             {w.topic});
  w.app.exec("insert into outbox(topic, key, payload) values ('not a topic', 'k', 'x')");
  w.insert("k", "2");
  auto relay = w.start(t, w.settings(), small);
  REQUIRE(t.wait([](auto& now) { return now.rejected_.size() == 4; }));
  auto got = w.read(2);
  REQUIRE(got.size() == 2);
  CHECK(got[0].value == "1");
  CHECK(got[1].value == "2");
  relay->stop();
  CHECK(w.count() == 0);
  CHECK(relay->count().rejected == 4);
  CHECK(relay->count().restarts == 0);
  auto rows =
      w.app.exec("select id, topic, reason, length(payload) from outbox_rejected order by id");
  REQUIRE(rows.rows() == 4);
  CHECK(rows.number(0, 3) == 50'000);
  CHECK(rows.text(0, 2).find("larger") != std::string::npos);
  CHECK(rows.text(1, 2).find("headers") != std::string::npos);
  CHECK(t.topics_.contains("not a topic"));
  for (std::size_t i = 0; i < 4; ++i) CHECK(t.rejected_.contains(rows.number(i, 0)));
}

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
  auto set_aside = t.wait([](auto& now) { return now.rejected_.size() == 1; });
  for (auto& said : t.troubles_) MESSAGE(said);
  REQUIRE(set_aside);
  CHECK(t.rejected_.begin()->second.find("too large") != std::string::npos);
  w.insert("k", "61");
  written["k"] = 61;
  std::set<std::string> values;
  auto got = w.read(w.topic, [&](auto& all) {
    for (auto& a : all) values.insert(a.value);
    return values.size() >= 61;
  });
  auto v = judge(got, written);
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
  REQUIRE(two.wait([](auto& t) { return !t.troubles_.empty(); }));
  w.insert("k", "3");
  auto got = w.read(3);
  CHECK(judge(got, {{"k", 3}}).lost == 0);
  CHECK(judge(got, {{"k", 3}}).order_violations == 0);
}

TEST_CASE("an open transaction, here or in another database, holds nobody up") {
  relay_world w;
  test::database other("skald_relay_other");
  pg::connection elsewhere(other.url()), late(w.url());
  elsewhere.exec("create table t(n int)");
  pg::transaction foreign(elsewhere);
  foreign.exec("insert into t values (1)");

  pg::transaction open(late);
  open.exec("insert into outbox(topic, key, payload) values ($1, 'late', '1')", {w.topic});
  told t;
  auto relay = w.start(t);
  for (int i = 1; i <= 50; ++i) w.insert("k", std::to_string(i));
  auto got = w.read(50);
  CHECK(judge(got, {{"k", 50}}).lost == 0);
  open.commit();
  got = w.read(51);
  CHECK(judge(got, {{"k", 50}, {"late", 1}}).lost == 0);
}

TEST_CASE("a statement never scans the table, whatever its statistics say") {
  relay_world w;
  told t;
  w.app.exec("analyze outbox");  // empty
  auto relay = w.start(t);
  for (int round = 0; round < 3; ++round) {
    w.app.exec(
        "insert into outbox(topic, key, payload)"
        " select $1, 'k' || n % 10, 'v' from generate_series(1, 3000) n",
        {w.topic});
    REQUIRE(t.wait_asleep());
  }
  relay->stop();
  CHECK(relay->count().sent == 9'000);
  // The relay's statistics are reported when its session ends, which is not waited for by stop().
  std::int64_t by_index = 0;
  for (auto until = steady::now() + patience; by_index < 9'000 && steady::now() < until;)
    by_index = w.app.exec("select idx_tup_fetch from pg_stat_user_tables where relname = 'outbox'")
                   .number(0, 0);
  CHECK(by_index >= 9'000);
  CHECK(scans_of(w) <= 1);  // one when the index was made
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
  end_relay_sessions(w);
  auto heir = w.start(two);
  REQUIRE(two.wait_leading());
  for (int i = 101; i <= 150; ++i) w.insert("k", std::to_string(i));
  {
    std::lock_guard lock(at.mutex);
    at.closed = false;
    at.changed.notify_all();
  }
  REQUIRE(one.wait([](auto& t) { return !t.troubles_.empty(); }));
  std::set<std::string> values;
  auto got = w.read(w.topic, [&](auto& all) {
    for (auto& a : all) values.insert(a.value);
    return values.size() >= 150;
  });
  auto v = judge(got, {{"k", 150}});
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
}

TEST_CASE("a writer that must not notify is found by the next poll") {
  relay_world w;
  told t;
  auto settings = w.settings();
  settings.poll_at_most = 100ms;
  auto relay = w.start(t, settings, {});
  REQUIRE(t.wait_asleep());
  pg::pipeline listener(w.url());
  listener.exec("listen skald_outbox");
  {
    pg::transaction tx(w.app);  // as a two-phase transaction does before PREPARE
    tx.exec("set local skald.outbox_gate = off");
    tx.exec("insert into outbox(topic, key, payload) values ($1, 'k', '1')", {w.topic});
    tx.commit();
  }
  REQUIRE(w.read(1).size() == 1);
  listener.exec("select 1");
  CHECK_FALSE(listener.take_notification());
}

TEST_CASE("a prepared transaction is waited for: its record comes when it commits") {
  relay_world w;
  REQUIRE_MESSAGE(
      w.app.exec("select current_setting('max_prepared_transactions')::int8 > 0").boolean(0, 0),
      "the PostgreSQL under test must have max_prepared_transactions > 0");
  pg::pipeline two_phase(w.url());
  two_phase.exec(
      "begin; set local skald.outbox_gate = off;"
      " insert into outbox(topic, key, payload) values ('" +
      w.topic + "', 'late', '1'); prepare transaction '" + w.topic + "'");
  told t;
  auto settings = w.settings();
  settings.poll_at_most = 100ms;
  settings.settle_every = 1ms;
  auto relay = w.start(t, settings, {});
  for (int i = 1; i <= 50; ++i) w.insert("k", std::to_string(i));
  CHECK(judge(w.read(50), {{"k", 50}}).lost == 0);
  for (int looks = 0; looks < 3; ++looks) REQUIRE(t.wait_asleep());
  two_phase.exec("commit prepared '" + w.topic + "'");
  const auto got = w.read(51);
  CHECK(got.size() == 51);
  CHECK(judge(got, {{"k", 50}, {"late", 1}}).lost == 0);
}

TEST_CASE("a sleeping relay is notified once, a busy one never") {
  relay_world w;
  pg::pipeline listener(w.url());
  listener.exec("listen skald_outbox");
  w.insert("k", "1");  // no relay: nobody holds the gate
  listener.exec("select 1");
  CHECK_FALSE(listener.take_notification());
  w.app.exec("select pg_advisory_lock(813731, 'outbox'::regclass::oid::int)");
  pg::connection writer(w.url());
  writer.exec("insert into outbox(topic, key) values ('t', 'k')");
  listener.exec("select 1");
  CHECK(listener.take_notification());
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
  REQUIRE(t.wait([](auto& now) { return !now.troubles_.empty(); }));
  CHECK(t.troubles_[0].find("127.0.0.1:1, database shop") != std::string::npos);
  auto begin = steady::now();
  away.stop();
  CHECK(steady::now() - begin < 5s);

  relay_world w;
  w.app.exec_script("drop view outbox_debezium; drop table outbox");
  told missing;
  auto without_table = w.start(missing);
  REQUIRE(missing.wait([](auto& now) { return !now.troubles_.empty(); }));
  CHECK(missing.troubles_[0].find("outbox") != std::string::npos);
}

TEST_CASE("the migration goes down and up, and Debezium's view has its columns") {
  relay_world w;
  w.app.exec(
      "insert into outbox(topic, key, headers, payload) values"
      " ('t', 'k', '{\"ce_type\": \"shop.Paid.v1\"}', 'x'), ('t', null, 'nonsense', null)");
  auto r = w.app.exec(
      "select id, aggregatetype, aggregateid, type, payload from outbox_debezium order by id");
  REQUIRE(r.rows() == 2);
  CHECK(r.text(0, 3) == "shop.Paid.v1");
  CHECK(r.is_null(1, 3));
  auto all = pg::read_migrations(SKALD_OUTBOX_MIGRATIONS);
  pg::migrate_down(w.app, "outbox", all, 0);
  CHECK(w.app.exec("select count(*) from pg_class where relname like 'outbox%'").number(0, 0) == 0);
  pg::migrate_up(w.app, "outbox", all);
  CHECK_THROWS_AS(w.app.exec("insert into outbox(id, topic) values (1, 't')"), pg::error);
  CHECK(w.app.exec("select seqcache from pg_sequence where seqrelid = 'outbox_id_seq'::regclass")
            .number(0, 0) == 1);
}
