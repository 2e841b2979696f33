// `skald bench` from end to end, with runs too short to say anything about speed: that every part
// starts, ends, and that the books agree.
#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "orchestrator/bench/command.hpp"

using namespace skald::bench;
using namespace std::chrono_literals;

namespace {
std::string environment(const char* name) {
  const char* value = std::getenv(name);
  if (!value) FAIL((std::string(name) + " is not set: run ./dev test, which starts it"));
  return value;
}

bench_options short_runs() {
  bench_options o{.json = true, .window = 100, .warm_up = 1s, .measured = 2s};
  o.servers.postgres = environment("SKALD_TEST_POSTGRES");
  o.servers.kafka = environment("SKALD_TEST_KAFKA");
  o.servers.migrations = [](const std::string& component) {
    return skald::pg::read_migrations(std::string(SKALD_MIGRATIONS) + "/" + component);
  };
  o.preload = 2'000;
  o.kills = 2;
  o.open_sagas = 300;
  return o;
}

nlohmann::json measured(const bench_options& o) {
  std::ostringstream out, err;
  const auto code = bench_command(o, out, err);
  CAPTURE(err.str());
  REQUIRE(code == 0);
  return nlohmann::json::parse(out.str());
}
}  // namespace

TEST_CASE("throughput and its floors") {
  auto o = short_runs();
  o.only = {"throughput", "kafka_only", "postgres_only"};
  const auto j = measured(o);
  for (const char* key : {"sagas_per_second", "floor_ratio", "kafka_only_per_second",
                          "postgres_only_per_second", "wal_bytes_per_saga", "rss_mb"})
    CHECK(j[key].get<double>() > 0);
  CHECK(j["cpu_ms_per_saga"].get<double>() > 0);  // ./dev test's services are on this machine
  CHECK(j["runs"].size() == 3);
}

TEST_CASE("failures, noise, an open loop and old sagas") {
  auto o = short_runs();
  o.only = {"failing", "noise", "latency_200", "growth"};
  const auto j = measured(o);
  REQUIRE(j["runs"].size() == 4);
  CHECK(j["runs"][0]["aborted"].get<int>() > 0);
  CHECK(j["runs"][1]["aborted"] == 0);
  // An open loop, at 200 a second: what was due was started, no more and no less.
  CHECK(j["runs"][2]["started"] == j["runs"][2]["due"]);
  CHECK(j["runs"][2]["due"].get<double>() > 200 * 2);
  for (const auto& run : j["runs"]) {
    CHECK(run["ended"].get<int>() > 0);
    CHECK(run["violations"].empty());
  }
}

TEST_CASE("a service that is killed again and again, and a restart with open sagas") {
  auto o = short_runs();
  o.only = {"kills_shared", "restart"};
  const auto j = measured(o);
  CHECK(j["runs"][0]["recovery_ms"].size() == 2);  // one for each kill
  const auto& cpu = j["runs"][0]["cpu_ms_per_saga_by_process"];
  CHECK(cpu["service"].get<double>() > 0);  // of all its lives
  CHECK(j["runs"][0]["violations"].empty());
  CHECK(j["restart"]["open_sagas"] == 300);
  CHECK(j["restart"]["first_commit_ms"].get<double>() > 0);
}

TEST_CASE("a PostgreSQL that is not there is said, with its own exit code") {
  auto o = short_runs();
  o.servers.postgres = "postgresql://postgres@127.0.0.1:1/postgres";
  std::ostringstream out, err;
  CHECK(bench_command(o, out, err) == 5);
  CHECK_FALSE(err.str().empty());
}
