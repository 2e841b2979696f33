#include "orchestrator/bench/cpu_book.hpp"

#include <utility>

#include "orchestrator/bench/process_stats.hpp"

namespace skald::bench {
void cpu_book::watch(const std::string& name, std::optional<pid_t> pid) {
  parts_[name].pid = pid;
}

void cpu_book::ending(const std::string& name) {
  auto& p = parts_[name];
  if (const auto pid = std::exchange(p.pid, std::nullopt)) p.ended_ms += cpu_ms_of_tree(*pid);
}

cpu_book::times cpu_book::ms() const {
  times all;
  for (const auto& [name, p] : parts_)
    all[name] = p.pid ? std::optional(p.ended_ms + cpu_ms_of_tree(*p.pid)) : std::nullopt;
  return all;
}
}  // namespace skald::bench
