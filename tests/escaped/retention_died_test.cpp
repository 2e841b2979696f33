// The retention job detaches a journal partition and then drops it. When its process died between
// the two, the table stayed for ever; when it died while detaching, every later detach was refused.
// And it waited without end for whoever was reading the table.
#include "orchestrator/failpoint.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/saga_no.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;

namespace {
constexpr std::int64_t day = 86'400'000;

struct old_journal {
  test::database own{"retention_died"};
  pg::connection sql{own.url()};

  old_journal() {
    pg::migrate_up(
        sql, "orchestrator",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
    const auto now = sql.exec("select (extract(epoch from now()) * 1000)::bigint").number(0, 0);
    const auto from = now / day * day - 50 * day;
    sql.exec("create table journal_" + std::to_string(from) +
             " partition of journal for values from (" + std::to_string(saga_no::first(from, 0)) +
             ") to (" + std::to_string(saga_no::first(from + day, 0)) + ")");
  }
  void finished_sagas(int n) {
    sql.exec(
        "insert into definition(name, version, hash, spec, verdict)"
        " values ('d', 1, 'h', '{}', 'proven')");
    const auto now = sql.exec("select (extract(epoch from now()) * 1000)::bigint").number(0, 0);
    const auto from = now / day * day - 50 * day;
    for (int i = 0; i < n; ++i)
      sql.exec("insert into saga values ($1, gen_random_uuid(), 1, 'k', 3, 1, 0, $2, '')",
               {saga_no::first(from + 5 + i, 0), from});
  }
  // As the service does: each time with a session of its own.
  int run() {
    pg::connection c(own.url());
    return drop_old_partitions(c, own.url(), 30 * day);
  }
  std::int64_t tables() {
    return sql.exec("select count(*) from pg_tables where tablename like 'journal\\_%'")
        .number(0, 0);
  }
};
}  // namespace

TEST_CASE("a partition that was detached and not dropped is dropped by the next run") {
  old_journal j;
  failpoint::arm("retention.detached=throw@1");
  CHECK_THROWS_AS(j.run(), failpoint::failpoint_error);
  failpoint::arm("");
  CHECK(j.tables() == 1);
  CHECK(j.run() == 1);
  CHECK(j.tables() == 0);
}

TEST_CASE("sagas of a partition that were deleted in part are deleted by the next run") {
  old_journal j;
  j.finished_sagas(3);
  failpoint::arm("retention.deleted=throw@1");
  CHECK_THROWS_AS(j.run(), failpoint::failpoint_error);
  failpoint::arm("");
  CHECK(j.tables() == 1);
  CHECK(j.run() == 1);
  CHECK(j.tables() == 0);
  CHECK(j.sql.exec("select count(*) from saga").number(0, 0) == 0);
}

// It waited for the reader, and with it the node's heartbeat and its stop.
TEST_CASE("a partition that somebody reads is dropped when they have read it") {
  old_journal j;
  {
    pg::connection other(j.own.url());
    pg::transaction reading(other);
    reading.exec("select count(*) from journal");
    CHECK(j.run() == 0);
    CHECK(j.tables() == 1);
  }
  CHECK(j.run() == 1);
  CHECK(j.tables() == 0);
}

TEST_CASE("a partition that was being detached is detached and dropped by the next run") {
  old_journal j;
  j.sql.exec(
      "update pg_inherits set inhdetachpending = true where inhparent = 'journal'::regclass");
  CHECK(j.run() == 1);
  CHECK(j.tables() == 0);
}
