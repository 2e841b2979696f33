#include "orchestrator/bench/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "orchestrator/bench/figures.hpp"

namespace skald::bench {
namespace {
using nlohmann::ordered_json;

constexpr char begin_mark[] = "<!-- measured: begin -->", end_mark[] = "<!-- measured: end -->";

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

ordered_json to_tree(const run_result& r) {
  ordered_json cpu = ordered_json::object();
  for (const auto& [process, ms] : r.cpu_ms)
    cpu[process] = ms ? ordered_json(r.per_saga(*ms)) : ordered_json(nullptr);
  return {{"name", r.name},
          {"sagas_per_second", r.load.per_second()},
          {"started", r.load.started_in_all},
          {"due", r.load.due_in_all},
          {"ended", r.load.ended},
          {"aborted", r.load.aborted},
          {"seconds", r.load.seconds},
          {"p50_ms", percentile_ms(r, 50)},
          {"p90_ms", percentile_ms(r, 90)},
          {"p99_ms", percentile_ms(r, 99)},
          {"p99_9_ms", percentile_ms(r, 99.9)},
          {"max_ms", percentile_ms(r, 100)},
          {"cpu_ms_per_saga", or_null(r.cpu_ms_per_saga())},
          {"cpu_ms_per_saga_by_process", cpu},
          {"wal_bytes_per_saga", r.per_saga(static_cast<double>(r.wal_bytes))},
          {"rss_mb", r.service_memory.peak_rss_mb},
          {"machine_busy", r.busy_share},
          {"recovery_ms", r.recovery_ms},
          {"violations", r.violations}};
}

ordered_json to_tree(const machine_facts& m, const postgres_facts& p) {
  return {{"cpu", m.cpu},
          {"cores", m.cores},
          {"memory_gib", m.memory_gib},
          {"system", m.system},
          {"kernel", m.kernel},
          {"postgres", p.version},
          {"fsync", p.fsync},
          {"synchronous_commit", p.synchronous_commit},
          {"shared_buffers", p.shared_buffers},
          {"max_wal_size", p.max_wal_size}};
}

// Figures of one run by key; null when that run was left out.
template <class Figure>
ordered_json of(const run_result* r, Figure figure) {
  return r ? ordered_json(figure(*r)) : ordered_json(nullptr);
}
}  // namespace

const run_result* report::find(const std::string& name) const {
  const auto found =
      std::find_if(runs.begin(), runs.end(), [&](const auto& r) { return r.name == name; });
  return found == runs.end() ? nullptr : &*found;
}

std::optional<double> report::combined_floor() const {
  const auto *log = find(run_name::kafka_only), *database = find(run_name::postgres_only);
  if (!log || !database) return {};
  const auto a = log->load.per_second(), b = database->load.per_second();
  if (a <= 0 || b <= 0) return {};
  return 1 / (1 / a + 1 / b);
}

std::optional<double> report::floor_ratio() const {
  const auto floor = combined_floor();
  const auto* ours = find(run_name::throughput);
  if (!floor || !ours) return {};
  return ours->load.per_second() / *floor;
}

bool report::sound() const {
  return std::all_of(runs.begin(), runs.end(), [](const auto& r) { return r.violations.empty(); });
}

std::string to_json(const report& r) {
  const auto* ours = r.find(run_name::throughput);
  const auto* latency = r.find(run_name::latency_200);
  const auto rate = [](const run_result& x) { return x.load.per_second(); };
  ordered_json all = {
      {"sagas_per_second", of(ours, rate)},
      {"floor_ratio", or_null(r.floor_ratio())},
      {"kafka_only_per_second", of(r.find(run_name::kafka_only), rate)},
      {"postgres_only_per_second", of(r.find(run_name::postgres_only), rate)},
      {"cpu_ms_per_saga", ours ? or_null(ours->cpu_ms_per_saga()) : ordered_json(nullptr)},
      {"p50_ms", of(latency, [](const auto& x) { return percentile_ms(x, 50); })},
      {"p99_ms", of(latency, [](const auto& x) { return percentile_ms(x, 99); })},
      {"wal_bytes_per_saga",
       of(ours, [](const auto& x) { return x.per_saga(static_cast<double>(x.wal_bytes)); })},
      {"rss_mb", of(ours, [](const auto& x) { return x.service_memory.peak_rss_mb; })},
      {"machine", to_tree(r.machine, r.postgres)},
      {"settings", {{"workers", r.workers}, {"window", r.window}, {"quick", r.quick}}}};
  for (const auto& run : r.runs) all["runs"].push_back(to_tree(run));
  if (r.restart)
    all["restart"] = {{"open_sagas", r.restart->open_sagas},
                      {"first_commit_ms", r.restart->first_commit_ms},
                      {"bytes_per_open_saga", r.restart->bytes_per_open_saga}};
  for (const auto& t : targets(r))
    all["targets"].push_back({{"what", t.what},
                              {"target", t.wanted},
                              {"measured", t.measured},
                              {"met", or_null(t.met)}});
  return all.dump(2) + "\n";
}

std::string with_measured(const std::string& page, const std::string& measured) {
  const auto begin = page.find(begin_mark);
  const auto end = page.find(end_mark);
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    throw std::invalid_argument(std::string("the page has no lines \"") + begin_mark + "\" and \"" +
                                end_mark + "\" to write between");
  return page.substr(0, begin) + begin_mark + "\n" + measured + page.substr(end);
}
}  // namespace skald::bench
