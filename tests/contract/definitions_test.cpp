// Definitions in the database, and what refuses a service to start.
#include "orchestrator/definitions.hpp"

#include <doctest/doctest.h>

#include <map>

#include "examples/vending/saga.hpp"
#include "orchestrator/prepare.hpp"
#include "outbox/postgres/migrate.hpp"
#include "skald/json.hpp"
#include "tests/support/postgres.hpp"

using namespace skald;

namespace {
struct prepared {
  test::database own{"definitions"};
  pg::connection sql{own.url()};
  prepared() {
    pg::migrate_up(
        sql, "orchestrator",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
  }
};

// A log of a few topics, without records.
struct small_log final : log_admin {
  std::string id = "cluster-a";
  std::map<std::string, std::int32_t> topics;
  std::string cluster_id() override { return id; }
  std::int32_t partitions(const std::string& t) override { return topics[t]; }
  void ensure_topic(const std::string& t, std::int32_t n, std::int64_t) override {
    if (topics[t] == 0) topics[t] = n;
  }
  skald::watermarks watermarks(const partition& p) override { return {10 + p.no, 20 + p.no}; }
};

std::string text(int version, int seconds, bool with_await = false) {
  auto d = with_await ? vending::self_pay_saga : vending::vending_saga;
  d.name = "shop";
  d.version = version;
  d.steps[0].within = std::chrono::seconds(seconds);
  return to_json(d);
}

settings small_settings() {
  settings s;
  s.prefix = "p";
  s.shards = 2;
  return s;
}
const definitions::verdict proven{true, "proven"}, unproven{false, "bound reached"};
}  // namespace

TEST_CASE("stored once, never changed; not proven only with a reason") {
  prepared p;
  auto r = definitions::add(p.sql, text(1, 5), unproven, "", "ann");
  CHECK(r.problem ==
        "shop version 1 is not proven (bound reached). Correct it, or store it with "
        "--accept-risk REASON.");
  r = definitions::add(p.sql, text(1, 5), unproven, "a demo", "ann");
  CHECK(r.problem == "");
  CHECK(definitions::add(p.sql, text(1, 5), proven, "", "ann").already);
  CHECK(definitions::add(p.sql, text(1, 6), proven, "", "ann").problem ==
        "shop version 1 is stored already and differs. A stored version is never changed: give "
        "this one a new version number.");
  CHECK(definitions::add(p.sql, "{", proven, "", "ann").problem != "");
  const auto all = definitions::list(p.sql);
  REQUIRE(all.size() == 1);
  CHECK(all[0].risk_accepted == "a demo");
  CHECK(definitions::show(p.sql, "shop", 1));
  CHECK_FALSE(definitions::show(p.sql, "shop", 2));
  CHECK(p.sql.exec("select actor || ' ' || action || ' ' || reason from audit_log").text(0, 0) ==
        "ann definition register a demo");
}

TEST_CASE("activate: one active version a name; new foreign topics get their start offsets") {
  prepared p;
  small_log log;
  REQUIRE(definitions::add(p.sql, text(1, 5), proven, "", "ann").problem == "");
  CHECK(definitions::activate(p.sql, log, small_settings(), "shop", 1, false, "ann").problem ==
        "No service has run on this database yet. Start one (skald serve), then activate.");
  prepare(p.sql, log, small_settings());
  CHECK(definitions::activate(p.sql, log, small_settings(), "shop", 1, false, "ann").problem == "");
  CHECK(definitions::activate(p.sql, log, small_settings(), "shop", 1, false, "ann").already);
  CHECK(log.topics["inventory.commands"] == 2);

  const auto added = definitions::add(p.sql, text(2, 5, true), proven, "", "ann");
  REQUIRE(added.problem == "");
  CHECK(definitions::activate(p.sql, log, small_settings(), "shop", 2, false, "ann").problem ==
        "Topic payment.events does not exist. Create it, then activate the definition again.");
  log.topics["payment.events"] = 2;
  CHECK(definitions::activate(p.sql, log, small_settings(), "shop", 2, false, "ann").problem == "");
  const auto rows = p.sql.exec("select next_offset::text from shard order by id");
  CHECK(rows.text(0, 0) == "{10,10,20}");
  CHECK(rows.text(1, 0) == "{11,11,21}");
  const auto all = definitions::list(p.sql);
  CHECK(all[0].state == "superseded");
  CHECK(all[1].state == "active");
  CHECK(definitions::retire(p.sql, "shop", 2, "ann").problem == "");
  CHECK(definitions::list(p.sql)[1].state == "retired");
}

TEST_CASE("activate refuses a definition that the next start of a service would be refused by") {
  prepared p;
  small_log log;
  const auto mine = small_settings();
  prepare(p.sql, log, mine);
  const auto spare_ms = mine.horizon_ms - mine.topic_retention_ms - mine.fence_retention_ms;
  auto d = vending::vending_saga;
  d.parking = milliseconds(spare_ms + 1);
  REQUIRE(definitions::add(p.sql, to_json(d), proven, "", "ann").problem == "");
  const auto refused = definitions::activate(p.sql, log, mine, "vending", 1, false, "ann");
  CHECK(refused.problem == broken_promise(mine, spare_ms + 1));
  CHECK(refused.problem.starts_with("The horizon is 40 days and must be at least 41: "));
  CHECK(refused.no != 0);  // it is registered, or the API would say 404
  CHECK(definitions::list(p.sql)[0].state == "registered");
  CHECK_FALSE(log.topics.contains("inventory.commands"));
  prepare(p.sql, log, mine);  // the next start goes well

  auto longer = mine;
  ++longer.horizon_ms;
  CHECK(definitions::activate(p.sql, log, longer, "vending", 1, false, "ann").problem == "");
  prepare(p.sql, log, longer);
  CHECK_THROWS_WITH(prepare(p.sql, log, mine), refused.problem.c_str());
}

TEST_CASE("a service refuses another prefix, shard count or cluster, and a short horizon") {
  prepared p;
  small_log log;
  const auto good = small_settings();
  prepare(p.sql, log, good);
  CHECK(live_secrets(p.sql).size() == 1);
  prepare(p.sql, log, good);  // again is fine
  CHECK(live_secrets(p.sql).size() == 1);
  auto other = good;
  other.prefix = "q";
  CHECK_THROWS_AS(prepare(p.sql, log, other), cannot_serve);
  other = good;
  other.shards = 4;
  CHECK_THROWS_AS(prepare(p.sql, log, other), cannot_serve);
  other = good;
  other.horizon_ms = other.topic_retention_ms + other.fence_retention_ms;
  CHECK(broken_promise(other, 0) == "");
  CHECK(broken_promise(other, 1) != "");
  log.id = "cluster-b";
  CHECK_THROWS_AS(prepare(p.sql, log, good), cannot_serve);
}
