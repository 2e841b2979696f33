// One measured run: its ground, its processes, its figures, and whether its books agree.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/bench/ground.hpp"
#include "orchestrator/bench/load.hpp"
#include "orchestrator/bench/process_stats.hpp"

namespace skald::bench {
struct run_settings {
  std::string name;
  enum class what : std::uint8_t { service, kafka_floor, postgres_floor } subject = what::service;
  load_settings load;
  participants_settings participants;
  int workers = 2;
  std::int64_t preload = 0;  // finished sagas that are there before
  int kills = 0;             // of the service, each with SIGKILL, at random moments
  bool neighbour = false;    // another service shares the shards, and is not killed
};

struct run_result {
  std::string name;
  load_result load;
  std::map<std::string, std::optional<double>> cpu_ms;  // by process; none: not on this machine
  std::int64_t wal_bytes = 0;
  double busy_share = 0;
  memory_use service_memory;
  // After each kill, counted from the start: the first commit; with a neighbour, which goes on, the
  // first take-over.
  std::vector<double> recovery_ms;
  std::vector<std::string> violations;  // what the books say is wrong; empty is good

  double per_saga(double amount) const {
    return load.ended ? amount / static_cast<double>(load.ended) : 0;
  }
  std::optional<double> cpu_ms_per_saga() const;  // all processes; none when one is not known
};

// Throws std::runtime_error when a part has failed. The caller has one thread only.
run_result run(const servers&, const run_settings&);

// How long after a kill -9 with so many sagas open the first commit comes, and what an open saga
// takes of the service's memory.
struct restart_result {
  std::int64_t open_sagas = 0;
  double first_commit_ms = 0, bytes_per_open_saga = 0;
};
restart_result run_restart(const servers&, std::int64_t open_sagas, int workers);
}  // namespace skald::bench
