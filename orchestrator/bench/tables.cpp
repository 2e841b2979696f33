// The report as tables: for a terminal and for a page.
#include <algorithm>
#include <array>

#include "orchestrator/bench/figures.hpp"
#include "orchestrator/bench/report.hpp"

namespace skald::bench {
namespace {
constexpr std::size_t columns = 9;
using cells = std::array<std::string, columns>;

const cells heads{"run",      "sagas/s",          "p50 ms", "p99 ms",    "CPU ms a saga",
                  "of which", "WAL bytes a saga", "RSS MB", "cores busy"};

// postgres .10 kafka .03 ..., without those that took nothing.
std::string split(const run_result& r) {
  std::string out;
  for (const auto& [process, ms] : r.cpu_ms)
    if (ms && *ms > 0) out += (out.empty() ? "" : " ") + process + " " + fixed(r.per_saga(*ms), 3);
  return out;
}

cells row_of(const run_result& r) {
  const auto cpu = r.cpu_ms_per_saga();
  const bool serves = r.service_memory.peak_rss_mb > 0;
  return {title(r.name),
          grouped(r.load.per_second()),
          fixed(percentile_ms(r, 50), 1),
          fixed(percentile_ms(r, 99), 1),
          cpu ? fixed(*cpu, 3) : "unknown",
          split(r),
          grouped(r.per_saga(static_cast<double>(r.wal_bytes))),
          serves ? fixed(r.service_memory.peak_rss_mb, 0) : "",
          fixed(100 * r.busy_share, 0) + " %"};
}

std::string facts_of(const report& r) {
  const auto& m = r.machine;
  const auto& p = r.postgres;
  return std::to_string(m.cores) + " cores (" + m.cpu + "), " + fixed(m.memory_gib, 0) + " GiB, " +
         m.system + ", " + m.kernel + "; PostgreSQL " + p.version + ", fsync " + p.fsync +
         ", synchronous_commit " + p.synchronous_commit + ", shared_buffers " + p.shared_buffers +
         ", max_wal_size " + p.max_wal_size + "; " + std::to_string(r.workers) + " workers, " +
         grouped(static_cast<double>(r.window)) + " sagas in flight" +
         (r.quick ? "; a quick run" : "");
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

const char* verdict(const target& t) {
  return !t.met ? "" : *t.met ? "met" : "missed";
}

std::string floors_of(const report& r) {
  const auto floor = r.combined_floor();
  const auto share = r.floor_ratio();
  if (!floor || !share) return {};
  return "Combined floor " + grouped(*floor) + " sagas/s; reached " + fixed(*share, 2) + " of it.";
}

std::string kills_of(const report& r, const char* name, const char* whom, const char* what) {
  const auto* run = r.find(name);
  if (!run || run->recovery_ms.empty()) return {};
  const auto worst = *std::max_element(run->recovery_ms.begin(), run->recovery_ms.end());
  return std::string(whom) + " killed " + std::to_string(run->recovery_ms.size()) +
         " times: the longest wait from a start to the first " + what + " was " + fixed(worst, 0) +
         " ms.";
}

std::vector<std::string> notes_of(const report& r) {
  std::vector<std::string> all{
      floors_of(r), kills_of(r, run_name::kills, "The only service", "commit"),
      kills_of(r, run_name::kills_shared, "One of two services", "take-over")};
  std::erase(all, "");
  return all;
}

std::string troubles_of(const report& r, const std::string& bullet) {
  std::string out;
  for (const auto& run : r.runs)
    for (const auto& v : run.violations) out += bullet + title(run.name) + ": " + v + "\n";
  return out;
}
}  // namespace

std::string to_text(const report& r) {
  std::vector<cells> rows{heads};
  for (const auto& run : r.runs) rows.push_back(row_of(run));
  std::array<std::size_t, columns> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out = facts_of(r) + "\n\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) out += padded(row[i], widths[i] + 2);
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  out += '\n';
  for (const auto& line : notes_of(r)) out += line + "\n";
  for (const auto& t : targets(r))
    if (t.met) out += padded(verdict(t), 8) + t.what + ": " + t.measured + " (" + t.wanted + ")\n";
  const auto troubles = troubles_of(r, "WRONG   ");
  return out + (troubles.empty() ? "The books of every run agree.\n" : troubles);
}

std::string to_markdown(const report& r) {
  std::string out = "\nMeasured on " + facts_of(r) + ".\n\n|";
  for (const auto& head : heads) out += " " + head + " |";
  out += "\n|";
  for (std::size_t i = 0; i < columns; ++i) out += " --- |";
  out += '\n';
  for (const auto& run : r.runs) {
    out += '|';
    for (const auto& cell : row_of(run)) out += " " + cell + " |";
    out += '\n';
  }
  out += '\n';
  for (const auto& line : notes_of(r)) out += line + "\n";
  out += "\n| target | wanted | measured | |\n| --- | --- | --- | --- |\n";
  for (const auto& t : targets(r))
    out += "| " + t.what + " | " + t.wanted + " | " + t.measured + " | " + verdict(t) + " |\n";
  const auto troubles = troubles_of(r, "- ");
  return out + "\n" + (troubles.empty() ? "The books of every run agreed.\n" : troubles) + "\n";
}
}  // namespace skald::bench
