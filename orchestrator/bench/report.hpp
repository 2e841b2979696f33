// What a benchmark says: as JSON, as a table for people, as a table of docs/performance.md. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/bench/process_stats.hpp"
#include "orchestrator/bench/run.hpp"

namespace skald::bench {
namespace run_name {
inline constexpr char throughput[] = "throughput", kafka_only[] = "kafka_only",
                      postgres_only[] = "postgres_only", failing[] = "failing", noise[] = "noise",
                      latency_200[] = "latency_200", latency_1000[] = "latency_1000",
                      kafka_200[] = "kafka_200", kafka_1000[] = "kafka_1000",
                      growth[] = "growth", kills[] = "kills",
                      kills_shared[] = "kills_shared", restart[] = "restart";
}

struct postgres_facts {
  std::string version, fsync, synchronous_commit, shared_buffers, max_wal_size;
};

struct report {
  machine_facts machine;
  postgres_facts postgres;
  int workers = 0;
  std::size_t window = 0;
  bool quick = false;
  std::vector<run_result> runs;
  std::optional<restart_result> restart;

  const run_result* find(const std::string& name) const;
  // 1 / (1/kafka + 1/postgres): what a service could reach that lost nothing beside its servers.
  std::optional<double> combined_floor() const;
  std::optional<double> floor_ratio() const;
  bool sound() const;  // no run's books disagree
};

// A row of the table of targets; `met` is unset when it was not measured.
struct target {
  std::string what, wanted, measured;
  std::optional<bool> met;
};
std::vector<target> targets(const report&);

std::string to_json(const report&);
std::string to_text(const report&);      // for a terminal
std::string to_markdown(const report&);  // the measured part of docs/performance.md

// `page` with what stands between its two marks replaced. Throws std::invalid_argument when the
// marks are not there.
std::string with_measured(const std::string& page, const std::string& measured);
}  // namespace skald::bench
