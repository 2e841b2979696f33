// What the machine says of processes: CPU time and memory, from /proc. And what machine it is.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skald::bench {
// CPU of a process, of the children it has waited for, and of the children it has now, user and
// system, in milliseconds; PostgreSQL's backends come and go. 0 when there is no such process.
double cpu_ms_of_tree(pid_t);

struct memory_use {
  double rss_mb = 0, peak_rss_mb = 0;  // MB = 1,000,000 bytes
};
std::optional<memory_use> memory_of(pid_t);

// The process of this machine that listens on a TCP port; none when it is not to be seen.
std::optional<pid_t> listener_of(int port);
std::optional<pid_t> parent_of(pid_t);
std::string name_of(pid_t);  // as ps shows it; empty when there is no such process

// How busy all cores were, for judging whether a run was alone on the machine.
struct machine_time {
  double busy_ms = 0, total_ms = 0;
};
machine_time machine_time_now();

struct machine_facts {
  std::string cpu, kernel, system;
  int cores = 0;
  double memory_gib = 0;
};
machine_facts facts_of_this_machine();
}  // namespace skald::bench
