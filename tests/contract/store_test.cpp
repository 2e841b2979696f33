// What orchestrator/store.hpp promises, kept by PostgreSQL: one transaction, fenced by epoch and
// offsets as they were read, and everything or nothing.
#include "orchestrator/store.hpp"

#include <doctest/doctest.h>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/store_postgres.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/support/postgres.hpp"

using namespace skald;

namespace {
struct prepared {
  test::database own{"store"};
  pg::connection sql{own.url()};
  std::unique_ptr<store> s;

  prepared() {
    pg::migrate_up(
        sql, "orchestrator",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
    sql.exec(
        "insert into definition(name, version, hash, spec, verdict) "
        "values ('d', 1, 'h', '{}', 'proven')");
    sql.exec("insert into topic(no, name, partitions) values (1, 'inbox', 2), (2, 'starts', 2)");
    sql.exec("insert into shard(id, next_offset) values (0, '{5,7}'), (1, '{0,0}')");
    make_journal_partitions(sql, 86'400'000);
    s = open_postgres_store(own.url());
  }
  std::int64_t count(const std::string& text) { return sql.exec(text).number(0, 0); }
};

uuid id_of(std::uint8_t n) {
  uuid id;
  id.bytes[15] = n;
  return id;
}

shard_move move(const shard_row& read, std::vector<std::int64_t> next, std::int64_t next_no = 0) {
  return {&read, std::move(next), next_no, 0};
}

saga_write saga(std::int64_t no, std::uint8_t id, std::int32_t seq, const char* state = "s") {
  return {.no = no,
          .id = id_of(id),
          .definition = 1,
          .key = "key",
          .phase = 1,
          .seq = seq,
          .due_ms = 99,
          .state = state};
}

journal_write row(std::int64_t no, std::int32_t seq, std::uint8_t kind, std::string_view payload) {
  return {.saga_no = no,
          .seq = seq,
          .kind = kind,
          .step = 2,
          .number = 3,
          .occurrence = ~std::uint64_t{0},
          .message_id = "m",
          .type = "t",
          .payload = payload,
          .outcome = 0,
          .commands_hash = 11};
}
}  // namespace

TEST_CASE("a take-over bumps the epoch and reads the row; another owner's epoch is left alone") {
  prepared p;
  const auto first = p.s->take_over(0, {});
  REQUIRE(first);
  CHECK(first->row.epoch == 1);
  CHECK(first->row.next_offset == std::vector<std::int64_t>{5, 7});
  CHECK(first->now_ms > 1'700'000'000'000);
  CHECK(p.s->take_over(0, 1)->row.epoch == 2);
  CHECK_FALSE(p.s->take_over(0, 1));
  CHECK_FALSE(p.s->take_over(9, {}));
}

TEST_CASE("a commit writes all of it; a miss gives row and words back") {
  prepared p;
  const auto taken = *p.s->take_over(0, {});
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
  const auto done = p.s->commit(b);
  CHECK(done.fate == fate::committed);
  CHECK(done.now_ms >= taken.now_ms);
  CHECK(p.count("select count(*) from shard where id = 0 and next_offset = '{6,9}'") == 1);
  CHECK(p.count("select count(*) from quarantine where key is null and reason = 'why'") == 1);

  std::vector<saga_row> rows;
  const std::vector<uuid> ids = {id_of(1), id_of(2), id_of(3)};
  p.s->load(ids, rows);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].id == id_of(1));
  CHECK(rows[0].seq == 2);
  REQUIRE(rows[0].words.size() == 2);
  CHECK(rows[0].words[1].payload == std::string("\0\xff", 2));
  CHECK(rows[0].words[1].occurrence == ~std::uint64_t{0});
  CHECK(rows[1].words.empty());  // a timer is none of the world's words
  CHECK(p.s->next_packed(0, -1)->body == "body");
  CHECK_FALSE(p.s->next_packed(0, 1));
}

TEST_CASE("fenced: another epoch, another offset, or an array that grew; nothing is written") {
  for (const std::string moved :
       {"epoch = epoch + 1", "next_offset[1] = 6", "next_offset[3] = 0"}) {
    CAPTURE(moved);
    prepared p;
    const auto taken = *p.s->take_over(0, {});
    const auto other = *p.s->take_over(1, {});
    p.sql.exec("update shard set " + moved + " where id = 0");
    const auto no = saga_no::first(taken.now_ms, 0);
    batch b;
    b.shards.push_back(move(other.row, {3, 3}));
    b.shards.push_back(move(taken.row, {6, 9}));
    b.fresh.push_back(saga(no, 1, 1));
    b.packed.push_back({0, 1, 1, "x"});
    CHECK(p.s->commit(b).fate == fate::fenced);
    CHECK(p.count("select count(*) from saga") == 0);
    CHECK(p.count("select count(*) from outbox_batch") == 0);
    CHECK(p.count("select count(*) from shard where next_offset = '{3,3}'") == 0);
    CHECK(p.s->take_over(1, {}));  // the session goes on
  }
}

TEST_CASE("an update that does not find its row, or a saga that is there already, is no commit") {
  prepared p;
  const auto taken = *p.s->take_over(0, {});
  const auto no = saga_no::first(taken.now_ms, 0);
  batch missing;
  missing.shards.push_back(move(taken.row, {6, 9}));
  missing.changed.push_back(saga(no, 1, 2));
  CHECK(p.s->commit(missing).fate == fate::fenced);
  batch first;
  first.shards.push_back(move(taken.row, {6, 9}));
  first.fresh.push_back(saga(no, 1, 1));
  CHECK(p.s->commit(first).fate == fate::committed);
  const auto now = *p.s->take_over(0, {});
  batch twice;
  twice.shards.push_back(move(now.row, {7, 9}));
  twice.fresh.push_back(saga(no + 1, 1, 1));
  CHECK(p.s->commit(twice).fate == fate::fenced);
  CHECK(p.count("select count(*) from saga") == 1);
}

TEST_CASE(
    "a commit whose answer is lost is unknown; a take-over tells, and shuts the late one out") {
  prepared p;
  const auto taken = *p.s->take_over(0, {});
  batch b;
  b.shards.push_back(move(taken.row, {6, 9}));
  failpoint::arm("commit.sync_sent=drop@1");
  CHECK(p.s->commit(b).fate == fate::unknown);
  failpoint::arm("");
  const auto again = p.s->take_over(0, taken.row.epoch);  // on a new session
  REQUIRE(again);
  CHECK(again->row.epoch == taken.row.epoch + 1);
  b.shards[0].next_offset = {8, 9};
  CHECK(p.s->commit(b).fate == fate::fenced);  // what `taken` says is history
}

TEST_CASE("a terminated session is no answer to a question, and the next one has a new session") {
  prepared p;
  REQUIRE(p.s->take_over(0, {}));
  p.sql.exec(
      "select pg_terminate_backend(pid) from pg_stat_activity "
      "where datname = current_database() and pid <> pg_backend_pid()");
  CHECK_THROWS_AS(p.s->topics(), store_error);
  CHECK(p.s->topics().size() == 2);
}

TEST_CASE("restore: listed sagas, and all that are open from swept_no on, in order") {
  prepared p;
  const auto taken = *p.s->take_over(0, {});
  const auto no = saga_no::first(taken.now_ms, 0), other = saga_no::first(taken.now_ms, 1);
  batch b;
  b.shards.push_back(move(taken.row, {6, 9}));
  for (int i = 0; i < 4; ++i) b.fresh.push_back(saga(no + i, static_cast<std::uint8_t>(i + 1), 1));
  b.fresh.push_back(saga(other, 9, 1));
  b.fresh[3].phase = 3;  // completed
  b.opened.push_back({no, 0, 2});
  REQUIRE(p.s->commit(b).fate == fate::committed);
  std::vector<open_saga> open;
  p.s->restore(0, no + 2, open);
  REQUIRE(open.size() == 2);
  CHECK(open[0].no == no);
  CHECK(open[0].facet == 2);
  CHECK(open[1].no == no + 2);
  CHECK_FALSE(open[1].facet);
  CHECK(open[1].due_ms == 99);
}

TEST_CASE("journal reads of a few sagas open few partitions, under a generic plan too") {
  prepared p;
  const auto now = p.count("select (extract(epoch from clock_timestamp()) * 1000)::bigint");
  for (int i = 0; i < 20; ++i)
    p.sql.exec("create table far_" + std::to_string(i) + " partition of journal for values from (" +
               std::to_string(saga_no::first(now + (100 + i) * 86'400'000LL, 0)) + ") to (" +
               std::to_string(saga_no::first(now + (101 + i) * 86'400'000LL, 0)) + ")");
  const auto taken = *p.s->take_over(0, {});
  const auto no = saga_no::first(taken.now_ms, 0);
  batch b;
  b.shards.push_back(move(taken.row, {6, 9}));
  b.fresh.push_back(saga(no, 1, 1));
  b.journal.push_back(row(no, 1, 0, "{}"));
  REQUIRE(p.s->commit(b).fate == fate::committed);
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
  prepared p;
  const auto second = open_postgres_store(p.own.url());
  CHECK(p.s->take_seat("node") == 0);
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
  ask_until_connected(*p.s);
  auto third = open_postgres_store(p.own.url());
  CHECK(third->take_seat("node") == 2);

  end_session_of_seat(0);
  const auto faster = open_postgres_store(p.own.url());
  CHECK(faster->take_seat("node") == 0);
  CHECK_THROWS_WITH_AS(ask_until_connected(*p.s), doctest::Contains("the seat of node node"),
                       store_error);
  third.reset();
  const auto fourth = open_postgres_store(p.own.url());
  CHECK(fourth->take_seat("node") == 2);
}
