// What a series of runs came to, for people and for programs.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "orchestrator/simulate/shrink.hpp"

namespace skald::sim {
// Sums over the runs of one series.
struct series {
  std::uint64_t seed = 0;  // of the first run; run k has seed + k
  std::uint64_t runs = 0, sagas = 0, violations = 0;
  double seconds = 0;  // of this machine's processor time, for all the runs
  std::uint64_t completed = 0, aborted = 0, with_items = 0, seen_to = 0;
  std::uint64_t effects = 0, undone = 0, absorbed = 0, faults = 0, commands = 0;
  std::uint64_t journal_rows = 0, quarantined = 0, fenced = 0, unknown = 0, take_overs = 0;
  std::int64_t simulated_ms = 0;
  sim::coverage coverage;

  void add(const plan&, const outcome&);
  double sagas_per_minute() const { return seconds > 0 ? 60 * double(sagas) / seconds : 0; }
};

// What a full run must reach and did not, by name; what cannot be reached is left out.
std::vector<std::string> unreached(const series&);

std::string to_json(const series&, const std::vector<std::string>& missing);
void write(std::ostream&, const series&, const std::vector<std::string>& missing);
void write(std::ostream&, const shrunk&);  // the shortest schedule that was found
}  // namespace skald::sim
