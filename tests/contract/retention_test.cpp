// Partitions of the journal: made ahead, dropped behind the horizon, never with a saga that counts.
#include "orchestrator/retention.hpp"

#include <doctest/doctest.h>

#include "orchestrator/saga_no.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/support/postgres.hpp"

using namespace skald;

namespace {
constexpr std::int64_t day = 86'400'000;

struct journaled {
  test::database own{"retention"};
  pg::connection sql{own.url()};
  const std::int64_t now_ms;

  journaled() : now_ms(make()) {}
  std::int64_t make() {
    pg::migrate_up(
        sql, "orchestrator",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
    sql.exec(
        "insert into definition(name, version, hash, spec, verdict) "
        "values ('d', 1, 'h', '{}', 'proven')");
    return count("select (extract(epoch from clock_timestamp()) * 1000)::bigint");
  }
  std::int64_t count(const std::string& text) { return sql.exec(text).number(0, 0); }
  std::int64_t partitions() {
    return count("select count(*) from pg_inherits where inhparent = 'journal'::regclass");
  }
  // A partition of `days` ago with one saga in it.
  std::int64_t old_saga(int days, int phase, std::int64_t changed_ms) {
    const auto from_ms = (now_ms / day - days) * day;
    const auto no = saga_no::first(from_ms + 5, 3);
    sql.exec("create table old_" + std::to_string(days) +
             " partition of journal for values from (" +
             std::to_string(saga_no::first(from_ms, 0)) + ") to (" +
             std::to_string(saga_no::first(from_ms + day, 0)) + ")");
    sql.exec("insert into saga values ($1, gen_random_uuid(), 1, 'k', $2, 1, 0, $3, '')",
             {no, phase, changed_ms});
    sql.exec("insert into journal values ($1, 1, 0, 255, 0, 0, 'm', 't', '', 0, 0, 0)", {no});
    return no;
  }
};
}  // namespace

TEST_CASE("now and two periods ahead have a partition; a second call makes none") {
  journaled p;
  make_journal_partitions(p.sql, day);
  const auto made = p.partitions();
  CHECK(made >= 3);
  CHECK(made <= 4);
  make_journal_partitions(p.sql, day);
  CHECK(p.partitions() == made);
  const auto no = saga_no::first(p.now_ms + 2 * day, 255);
  p.sql.exec("insert into journal values ($1, 1, 0, 255, 0, 0, 'm', 't', '', 0, 0, 0)", {no});
}

TEST_CASE("what is finished and past the horizon goes, with its rows; all else stays") {
  journaled p;
  make_journal_partitions(p.sql, day);
  const auto before = p.partitions();
  const auto long_ago = p.now_ms - 40 * day;
  p.old_saga(50, 3, long_ago);                      // finished long ago
  p.old_saga(49, 1, long_ago);                      // still runs
  p.old_saga(48, 4, p.now_ms - 10 * day);           // finished, but not long ago
  const auto listed = p.old_saga(47, 3, long_ago);  // a surplus of it is open
  p.sql.exec("insert into open values ($1, 3, 5, 0)", {listed});
  p.old_saga(3, 3, p.now_ms - 3 * day);  // young
  CHECK(drop_old_partitions(p.sql, p.own.url(), 30 * day) == 1);
  CHECK(p.partitions() == before + 4);
  CHECK(p.count("select count(*) from saga") == 4);
  CHECK(p.count("select count(*) from pg_class where relname = 'old_50'") == 0);
  CHECK(drop_old_partitions(p.sql, p.own.url(), 30 * day) == 0);
}
