// What orchestrator/store.hpp promises, kept by PostgreSQL and by the simulated database alike: one
// transaction, fenced by epoch and offsets as they were read, and everything or nothing.
#include "orchestrator/store.hpp"

#include <doctest/doctest.h>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"
#include "tests/contract/store_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("a take-over bumps the epoch and reads the row; another owner's epoch is left alone") {
  on_each_store([](store_world& w) {
    const auto first = w.s().take_over(0, {});
    REQUIRE(first);
    CHECK(first->row.epoch == 1);
    CHECK(first->row.next_offset == std::vector<std::int64_t>{5, 7});
    CHECK(first->now_ms > 1'700'000'000'000);
    CHECK(w.s().take_over(0, 1)->row.epoch == 2);
    CHECK_FALSE(w.s().take_over(0, 1));
    CHECK_FALSE(w.s().take_over(9, {}));
  });
}

TEST_CASE("a commit writes all of it; a miss gives row and words back") {
  on_each_store([](store_world& w) {
    auto& s = w.s();
    const auto taken = *s.take_over(0, {});
    const auto no = saga_no::first(taken.now_ms, 0);
    batch b;
    b.at_ms = taken.now_ms;
    b.shards.push_back(move(taken.row, {6, 9}, no + 2));
    b.fresh.push_back(saga(no, 1, 2));
    b.fresh.push_back(saga(no + 1, 2, 1));
    b.journal.push_back(row(no, 1, 0, "{\"a\":1}"));
    b.journal.push_back(row(no, 2, 1, std::string_view("\0\xff", 2)));
    b.journal.push_back(row(no + 1, 1, 6, ""));
    b.packed.push_back({0, 1, 3, "body"});
    b.opened.push_back({no, 0, 4});
    b.quarantined.push_back({0, "t", 1, 2, std::nullopt, "p", "h", "why"});
    const auto done = s.commit(b);
    CHECK(done.fate == fate::committed);
    CHECK(done.now_ms >= taken.now_ms);
    CHECK(w.quarantined() == 1);

    std::vector<saga_row> rows;
    const std::vector<uuid> ids = {id_of(1), id_of(2), id_of(3)};
    s.load(ids, rows);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].id == id_of(1));
    CHECK(rows[0].seq == 2);
    REQUIRE(rows[0].words.size() == 2);
    CHECK(rows[0].words[1].payload == std::string("\0\xff", 2));
    CHECK(rows[0].words[1].occurrence == ~std::uint64_t{0});
    CHECK(rows[0].words[1].at_ms == taken.now_ms);
    CHECK(rows[1].words.empty());  // a timer is none of the world's words
    CHECK(s.next_packed(0, -1)->body == "body");
    CHECK_FALSE(s.next_packed(0, 1));
    CHECK(s.take_over(0, {})->row.next_offset == std::vector<std::int64_t>{6, 9});
  });
}

TEST_CASE("fenced: another epoch, another offset, or an array that grew; nothing is written") {
  for (const auto moved : {shard_moved::epoch, shard_moved::offset, shard_moved::grown}) {
    CAPTURE(static_cast<int>(moved));
    on_each_store([moved](store_world& w) {
      auto& s = w.s();
      const auto taken = *s.take_over(0, {});
      const auto other = *s.take_over(1, {});
      w.move_shard_0(moved);
      const auto no = saga_no::first(taken.now_ms, 0);
      batch b;
      b.shards.push_back(move(other.row, {3, 3}));
      b.shards.push_back(move(taken.row, {6, 9}));
      b.fresh.push_back(saga(no, 1, 1));
      b.packed.push_back({0, 1, 1, "x"});
      CHECK(s.commit(b).fate == fate::fenced);
      CHECK(w.sagas() == 0);
      CHECK_FALSE(s.next_packed(0, -1));
      CHECK(s.take_over(1, {})->row.next_offset == std::vector<std::int64_t>{0, 0});
    });
  }
}

TEST_CASE("an update that does not find its row, or a saga that is there already, is no commit") {
  on_each_store([](store_world& w) {
    auto& s = w.s();
    const auto taken = *s.take_over(0, {});
    const auto no = saga_no::first(taken.now_ms, 0);
    batch missing;
    missing.shards.push_back(move(taken.row, {6, 9}));
    missing.changed.push_back(saga(no, 1, 2));
    CHECK(s.commit(missing).fate == fate::fenced);
    batch first;
    first.shards.push_back(move(taken.row, {6, 9}));
    first.fresh.push_back(saga(no, 1, 1));
    CHECK(s.commit(first).fate == fate::committed);
    const auto now = *s.take_over(0, {});
    batch twice;
    twice.shards.push_back(move(now.row, {7, 9}));
    twice.fresh.push_back(saga(no + 1, 1, 1));
    CHECK(s.commit(twice).fate == fate::fenced);
    CHECK(w.sagas() == 1);
  });
}

TEST_CASE("a commit without an answer is unknown; a take-over tells, and shuts the late one out") {
  on_each_store([](store_world& w) {
    auto& s = w.s();
    const auto taken = *s.take_over(0, {});
    batch b;
    b.shards.push_back(move(taken.row, {6, 9}));
    failpoint::arm("commit.sync_sent=drop@1");
    CHECK(s.commit(b).fate == fate::unknown);
    failpoint::arm("");
    const auto again = s.take_over(0, taken.row.epoch);  // on a new session
    REQUIRE(again);
    CHECK(again->row.epoch == taken.row.epoch + 1);
    b.shards[0].next_offset = {8, 9};
    CHECK(s.commit(b).fate == fate::fenced);  // what `taken` says is history
  });
}

TEST_CASE("restore: listed sagas, and all that are open from swept_no on, in order") {
  on_each_store([](store_world& w) {
    auto& s = w.s();
    const auto taken = *s.take_over(0, {});
    const auto no = saga_no::first(taken.now_ms, 0), other = saga_no::first(taken.now_ms, 1);
    batch b;
    b.shards.push_back(move(taken.row, {6, 9}));
    for (int i = 0; i < 4; ++i)
      b.fresh.push_back(saga(no + i, static_cast<std::uint8_t>(i + 1), 1));
    b.fresh.push_back(saga(other, 9, 1));
    b.fresh[3].phase = 3;  // completed
    b.opened.push_back({no, 0, 2});
    REQUIRE(s.commit(b).fate == fate::committed);
    std::vector<open_saga> open;
    s.restore(0, no + 2, open);
    REQUIRE(open.size() == 2);
    CHECK(open[0].no == no);
    CHECK(open[0].facet == 2);
    CHECK(open[1].no == no + 2);
    CHECK_FALSE(open[1].facet);
    CHECK(open[1].due_ms == 99);
  });
}

TEST_CASE("a terminated session is no answer to a question, and the next one has a new session") {
  postgres_world p;
  REQUIRE(p.s().take_over(0, {}));
  p.sql.exec(
      "select pg_terminate_backend(pid) from pg_stat_activity "
      "where datname = current_database() and pid <> pg_backend_pid()");
  CHECK_THROWS_AS(p.s().topics(), store_error);
  CHECK(p.s().topics().size() == 2);
}

TEST_CASE("journal reads of a few sagas open few partitions, under a generic plan too") {
  postgres_world p;
  const auto now = p.count("select (extract(epoch from clock_timestamp()) * 1000)::bigint");
  for (int i = 0; i < 20; ++i)
    p.sql.exec("create table far_" + std::to_string(i) + " partition of journal for values from (" +
               std::to_string(saga_no::first(now + (100 + i) * 86'400'000LL, 0)) + ") to (" +
               std::to_string(saga_no::first(now + (101 + i) * 86'400'000LL, 0)) + ")");
  const auto taken = *p.s().take_over(0, {});
  const auto no = saga_no::first(taken.now_ms, 0);
  batch b;
  b.shards.push_back(move(taken.row, {6, 9}));
  b.fresh.push_back(saga(no, 1, 1));
  b.journal.push_back(row(no, 1, 0, "{}"));
  REQUIRE(p.s().commit(b).fate == fate::committed);
  pg::transaction t(p.sql);
  t.exec("set local plan_cache_mode = force_generic_plan");
  t.exec("prepare load(uuid[]) as " + std::string(sql::saga::load));
  const auto plan =
      t.exec("explain (analyze, costs off) execute load('{" + to_string(id_of(1)) + "}')");
  int opened = 0, skipped = 0;
  for (std::size_t i = 0; i < plan.rows(); ++i) {
    const auto& line = plan.text(i, 0);
    const bool of_journal =
        line.find(" on far_") != line.npos || line.find(" on journal_") != line.npos;
    if (!of_journal) continue;
    ++(line.find("never executed") != line.npos ? skipped : opened);
  }
  CHECK(opened == 1);
  CHECK(skipped >= 20);
}

TEST_CASE("a seat is one store's; a lost session takes it again, or says that another has") {
  postgres_world p;
  const auto second = open_postgres_store(p.own.url());
  CHECK(p.s().take_seat("node") == 0);
  CHECK(second->take_seat("node") == 1);
  const auto end_session_of_seat = [&](int seat) {
    p.sql.exec(
        "select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' "
        "and database = (select oid from pg_database where datname = current_database()) "
        "and objid = " +
        std::to_string(seat));
  };
  const auto ask_until_connected = [](store& s) {  // the lost session is found by one failed call
    try {
      s.topics();
    } catch (const store_error&) {
    }
    s.topics();
  };
  end_session_of_seat(0);
  ask_until_connected(p.s());
  auto third = open_postgres_store(p.own.url());
  CHECK(third->take_seat("node") == 2);

  end_session_of_seat(0);
  const auto faster = open_postgres_store(p.own.url());
  CHECK(faster->take_seat("node") == 0);
  CHECK_THROWS_WITH_AS(ask_until_connected(p.s()), doctest::Contains("the seat of node node"),
                       store_error);
  third.reset();
  const auto fourth = open_postgres_store(p.own.url());
  CHECK(fourth->take_seat("node") == 2);
}
