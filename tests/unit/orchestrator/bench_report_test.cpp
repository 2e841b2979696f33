#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "orchestrator/bench/command.hpp"
#include "orchestrator/bench/figures.hpp"
#include "orchestrator/bench/report.hpp"

using namespace skald::bench;

namespace {
run_result result(const char* name, double per_second) {
  run_result r{.name = name};
  r.load.seconds = 10;
  r.load.ended = static_cast<std::uint64_t>(per_second * 10);
  for (int i = 1; i <= 100; ++i) r.load.latency_us.record(static_cast<std::uint64_t>(i) * 250);
  r.cpu_ms = {{"postgres", 0.1 * per_second * 10}, {"kafka", 0.05 * per_second * 10}};
  r.wal_bytes = static_cast<std::int64_t>(4'000 * per_second * 10);
  r.service_memory = {.rss_mb = 40, .peak_rss_mb = 50};
  return r;
}

report full() {
  report r{.machine = {.cpu = "x", .kernel = "Linux 6", .system = "Debian", .cores = 2},
           .postgres = {"15.1", "on", "on", "1GB", "8GB"},
           .workers = 2,
           .window = 8'000};
  r.runs = {result(run_name::throughput, 9'000), result(run_name::kafka_only, 20'000),
            result(run_name::postgres_only, 20'000), result(run_name::failing, 7'000),
            result(run_name::latency_200, 200)};
  return r;
}

const target* row(const std::vector<target>& all, const std::string& what) {
  for (const auto& t : all)
    if (t.what == what) return &t;
  return nullptr;
}
}  // namespace

TEST_CASE("the combined floor is both costs one after the other") {
  const auto r = full();
  CHECK(*r.combined_floor() == doctest::Approx(10'000));
  CHECK(*r.floor_ratio() == doctest::Approx(0.9));
  auto without = r;
  without.runs.erase(without.runs.begin() + 1);
  CHECK_FALSE(without.combined_floor());
  CHECK_FALSE(without.floor_ratio());
}

TEST_CASE("the JSON has the promised keys") {
  const auto j = nlohmann::json::parse(to_json(full()));
  CHECK(j["sagas_per_second"] == doctest::Approx(9'000));
  CHECK(j["floor_ratio"] == doctest::Approx(0.9));
  CHECK(j["kafka_only_per_second"] == doctest::Approx(20'000));
  CHECK(j["postgres_only_per_second"] == doctest::Approx(20'000));
  CHECK(j["cpu_ms_per_saga"] == doctest::Approx(0.15));
  CHECK(j["p50_ms"].get<double>() == doctest::Approx(12.5).epsilon(0.001));
  CHECK(j["p99_ms"].get<double>() == doctest::Approx(24.75).epsilon(0.001));
  CHECK(j["wal_bytes_per_saga"] == doctest::Approx(4'000));
  CHECK(j["rss_mb"] == doctest::Approx(50));
  CHECK(j["runs"].size() == 5);
  CHECK(j["machine"]["cores"] == 2);
}

TEST_CASE("what was not measured is null, and its target neither met nor missed") {
  const report none{.machine = {.cpu = "x"}};
  const auto j = nlohmann::json::parse(to_json(none));
  for (const char* key :
       {"sagas_per_second", "floor_ratio", "kafka_only_per_second", "postgres_only_per_second",
        "cpu_ms_per_saga", "p50_ms", "p99_ms", "wal_bytes_per_saga", "rss_mb"}) {
    REQUIRE(j.contains(key));
    CHECK(j[key].is_null());
  }
  for (const auto& t : targets(none)) {
    CHECK_FALSE(t.met);
    CHECK(t.measured == "not measured");
  }
}

TEST_CASE("CPU is unknown as soon as one process cannot be seen") {
  auto r = result(run_name::throughput, 100);
  CHECK(*r.cpu_ms_per_saga() == doctest::Approx(0.15));
  r.cpu_ms["kafka"] = std::nullopt;
  CHECK_FALSE(r.cpu_ms_per_saga());
}

TEST_CASE("targets are judged") {
  const auto all = targets(full());
  CHECK(*row(all, "throughput")->met);
  CHECK(row(all, "throughput")->measured == "9,000 sagas/s");
  CHECK(*row(all, "share of the combined floor")->met);
  CHECK(*row(all, "CPU a saga, all processes")->met);
  CHECK_FALSE(*row(all, "10 % of dispenses fail, share of throughput")->met);
  CHECK_FALSE(*row(all, "open loop, 200/s, p50")->met);
  CHECK(*row(all, "open loop, 200/s, p99")->met);
  CHECK_FALSE(row(all, "open loop, 1,000/s, p50")->met);
}

TEST_CASE("books that disagree are shown, and spoil the report") {
  auto r = full();
  CHECK(r.sound());
  CHECK(to_text(r).find("The books of every run agree.") != std::string::npos);
  r.runs[3].violations = {"sagas that never ended: 2, and should be 0"};
  CHECK_FALSE(r.sound());
  CHECK(to_text(r).find("10 % of dispenses fail: sagas that never ended: 2") != std::string::npos);
  CHECK(to_markdown(r).find("books of every run agreed") == std::string::npos);
}

TEST_CASE("only what stands between the marks is written anew") {
  const std::string page =
      "before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nbehind\n";
  CHECK(with_measured(page, "new\n") ==
        "before\n<!-- measured: begin -->\nnew\n<!-- measured: end -->\nbehind\n");
  CHECK(with_measured(with_measured(page, "x\n"), "new\n") == with_measured(page, "new\n"));
  CHECK_THROWS_AS(with_measured("no marks", "new"), std::invalid_argument);
}

TEST_CASE("numbers for people") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999.6) == "1,000");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(grouped(-1'234) == "-1,234");
  CHECK(fixed(0.126, 2) == "0.13");
}

TEST_CASE("options that make no sense are refused with a sentence") {
  std::ostringstream out, err;
  bench_options o;
  CHECK(bench_command(o, out, err) == 2);
  CHECK(err.str().find("--postgres") != std::string::npos);
  o.servers.postgres = o.servers.kafka = "somewhere";
  o.only = {"speed"};
  err.str("");
  CHECK(bench_command(o, out, err) == 2);
  CHECK(err.str().find("there is no run \"speed\"; there are throughput, kafka_only") !=
        std::string::npos);
  o.only = {run_name::throughput};
  o.write_doc = "a page that is never touched";
  err.str("");
  CHECK(bench_command(o, out, err) == 2);
  CHECK(err.str().find("leave out --only") != std::string::npos);
  o.only = {}, o.write_doc = {};
  o.workers = 0;
  CHECK(bench_command(o, out, err) == 2);
  CHECK(out.str().empty());
}
