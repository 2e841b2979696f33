// The relay's promises, one by one; relay_faults_test.cpp has those for bad days,
// relay_stress_test.cpp all of them under load.
#include "outbox/relay.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "outbox/postgres/pipeline.hpp"
#include "tests/contract/relay_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
// A number from the statistics of a relay that has stopped: its session reports them as it ends,
// which stop() does not wait for. `enough`: what it must reach.
std::int64_t wait_statistic(relay_world& w, const std::string& query, std::int64_t enough) {
  std::int64_t n = 0;
  for (auto until = steady::now() + patience; n < enough && steady::now() < until;)
    n = w.app.exec(query).number(0, 0);
  return n;
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
  // Each writer waits until the relay sleeps again, or commits into its falling asleep.
  constexpr int writers = 4, rows = 100;
  std::atomic<int> woken{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&, key = "k" + std::to_string(i)] {
      pg::connection c(w.url());
      for (int n = 1; n <= rows; ++n) {
        const auto slept = t.slept();
        if (n % 7 == 0) {
          pg::transaction tx(c);
          tx.exec("insert into outbox(topic, key, payload) values ($1, $2, 'x')", {w.topic, key});
          tx.rollback();
        }
        c.exec("insert into outbox(topic, key, payload) values ($1, $2, $3)",
               {w.topic, key, pg::bytes{std::to_string(n)}});
        if (n % 3 == 0) continue;
        if (!t.wait([&](auto& now) { return now.asleep_ > slept; })) break;
        ++woken;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(woken == writers * (rows - rows / 3));
  const auto v =
      judge(w.read(writers * rows), {{"k0", rows}, {"k1", rows}, {"k2", rows}, {"k3", rows}});
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
  for (std::uint64_t round = 1; round <= 3; ++round) {
    w.fill(3'000);
    REQUIRE(t.wait([&](auto&) { return relay->count().sent == round * 3'000; }));
  }
  relay->stop();
  CHECK(relay->count().sent == 9'000);
  const std::string of_table = " from pg_stat_user_tables where relname = 'outbox'";
  CHECK(wait_statistic(w, "select idx_tup_fetch" + of_table, 9'000) >= 9'000);
  CHECK(w.app.exec("select seq_scan" + of_table).number(0, 0) <= 1);  // as the index was made
}

TEST_CASE("a held snapshot makes no round read what earlier ones have deleted") {
  relay_world w;
  pg::connection other(w.url());
  pg::transaction holder(other);
  holder.exec("set transaction isolation level repeatable read");
  holder.exec("select count(*) from outbox");
  told t;
  auto relay = w.start(t);
  constexpr int rounds = 12, rows = 1'000;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    w.fill(rows);
    REQUIRE(t.wait([&](auto&) { return relay->count().sent == round * rows; }));
  }
  relay->stop();
  CHECK(w.count() == 0);
  // Each row is looked up to be read and to be deleted. Reading from the table's start would be
  // half of rounds * rounds * rows, at each look.
  const auto read = wait_statistic(
      w, "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'outbox_pkey'",
      2 * rounds * rows);
  CHECK(read < 4 * rounds * rows);
}

TEST_CASE("more gaps than are remembered: nothing is lost, nothing is sent twice") {
  relay_world w;
  told t;
  auto settings = w.settings();
  settings.batch_rows = 500;
  settings.settle_every = 1h;  // no gap is given up
  constexpr int rows = 4'000;
  w.app.exec(
      "insert into outbox(topic, key, payload) select $1, 'k', convert_to((n + burnt * 0)::text,"
      " 'UTF8') from (select n, nextval('outbox_id_seq') burnt from generate_series(1, $2::int) n"
      " offset 0) g",
      {w.topic, rows});
  auto relay = w.start(t, settings, {});
  REQUIRE(t.wait([&](auto& now) { return now.asleep_ > 0; }));
  CHECK(relay->count().sent == rows);
  CHECK(w.count() == 0);
  const auto v = judge(w.read_all({{"k", rows}}), {{"k", rows}});
  CHECK(v.lost == 0);
  CHECK(v.order_violations == 0);
}

TEST_CASE("a row that is updated while it waits keeps its place") {
  relay_world w;
  for (int i = 1; i <= 3; ++i) w.insert("k", std::to_string(i));
  w.app.exec("update outbox set headers = '{\"by\": \"hand\"}' where id = 1");
  told t;
  auto relay = w.start(t);
  const auto got = w.read(3);
  REQUIRE(got.size() == 3);
  CHECK(got[0].headers.size() == 1);
  CHECK(judge(got, {{"k", 3}}).lost == 0);
  CHECK(judge(got, {{"k", 3}}).order_violations == 0);
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
