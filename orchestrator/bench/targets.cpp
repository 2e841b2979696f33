// The targets that the design sets for two cores with everything on them.
#include <functional>

#include "orchestrator/bench/figures.hpp"
#include "orchestrator/bench/report.hpp"

namespace skald::bench {
namespace {
struct row_list {
  std::vector<target> rows;
  void at_least(const std::string& what, double least, std::optional<double> value,
                const std::function<std::string(double)>& show) {
    add(what, "at least " + show(least), value, show, [&](double v) { return v >= least; });
  }
  void at_most(const std::string& what, double most, std::optional<double> value,
               const std::function<std::string(double)>& show) {
    add(what, "at most " + show(most), value, show, [&](double v) { return v <= most; });
  }

 private:
  void add(const std::string& what, const std::string& wanted, std::optional<double> value,
           const std::function<std::string(double)>& show,
           const std::function<bool(double)>& good) {
    target t{.what = what, .wanted = wanted, .measured = "not measured"};
    if (value) {
      t.measured = show(*value);
      t.met = good(*value);
    }
    rows.push_back(std::move(t));
  }
};

std::string rate(double v) {
  return grouped(v) + " sagas/s";
}
std::string ratio(double v) {
  return fixed(v, 2);
}
std::string cpu_ms(double v) {
  return fixed(v, 3) + " ms";
}
std::string ms(double v) {
  return fixed(v, 1) + " ms";
}
std::string mb(double v) {
  return fixed(v, 0) + " MB";
}
std::string bytes(double v) {
  return grouped(v) + " bytes";
}

std::optional<double> rate_of(const report& r, const char* name) {
  const auto* run = r.find(name);
  return run ? std::optional(run->load.per_second()) : std::nullopt;
}

std::optional<double> share(const report& r, const char* name) {
  const auto ours = rate_of(r, run_name::throughput), other = rate_of(r, name);
  if (!ours || !other || *ours <= 0) return {};
  return *other / *ours;
}

void add_latency(row_list& rows, const report& r, const char* name, double p50, double p99) {
  const auto* run = r.find(name);
  const auto value = [&](double percent) {
    return run ? std::optional(percentile_ms(*run, percent)) : std::nullopt;
  };
  rows.at_most(title(name) + ", p50", p50, value(50), ms);
  rows.at_most(title(name) + ", p99", p99, value(99), ms);
}
}  // namespace

std::vector<target> targets(const report& r) {
  row_list rows;
  const auto* ours = r.find(run_name::throughput);
  rows.at_least("throughput", 8'000, rate_of(r, run_name::throughput), rate);
  rows.at_least("share of the combined floor", 0.75, r.floor_ratio(), ratio);
  rows.at_most("CPU a saga, all processes", 0.25, ours ? ours->cpu_ms_per_saga() : std::nullopt,
               cpu_ms);
  rows.at_least(title(run_name::failing) + ", share of throughput", 0.8,
                share(r, run_name::failing), ratio);
  rows.at_least(title(run_name::noise) + ", share of throughput", 0.8, share(r, run_name::noise),
                ratio);
  add_latency(rows, r, run_name::latency_200, 10, 30);
  add_latency(rows, r, run_name::latency_1000, 30, 80);
  rows.at_least(title(run_name::growth) + ", share of empty", 0.75, share(r, run_name::growth),
                ratio);
  rows.at_most("memory of the service at full load", 100,
               ours ? std::optional(ours->service_memory.peak_rss_mb) : std::nullopt, mb);
  rows.at_most("memory of an open saga", 2'000,
               r.restart ? std::optional(r.restart->bytes_per_open_saga) : std::nullopt, bytes);
  rows.at_most("first commit after kill -9 with 100,000 open sagas", 3'000,
               r.restart ? std::optional(r.restart->first_commit_ms) : std::nullopt, ms);
  return std::move(rows.rows);
}
}  // namespace skald::bench
