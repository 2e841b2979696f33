// What a run costs: CPU by process, WAL, memory, from one moment to another.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "orchestrator/bench/cpu_book.hpp"
#include "orchestrator/bench/process_stats.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::bench {
// Servers on another machine have no pid here; their CPU is then not known.
std::optional<pid_t> postmaster_of(pg::connection&);
std::optional<pid_t> kafka_of(const std::string& bootstrap);

class meter {
 public:
  explicit meter(pg::connection& db) : db_(db) {}

  cpu_book& cpu() { return cpu_; }
  void begin();
  void end();

  // Between begin and end. CPU of the watched by name; none when it is not on this machine.
  const cpu_book::times& cpu_ms() const { return spent_ms_; }
  std::int64_t wal_bytes() const { return wal_bytes_; }
  double busy_share() const { return busy_share_; }  // of all cores, by whomever

 private:
  std::int64_t wal_now();

  pg::connection& db_;
  cpu_book cpu_;
  cpu_book::times begin_ms_, spent_ms_;
  std::int64_t begin_wal_ = 0, wal_bytes_ = 0;
  machine_time begin_machine_;
  double busy_share_ = 0;
};
}  // namespace skald::bench
