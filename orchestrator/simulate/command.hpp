// `skald simulate` without its command line: series of runs until a bound, and what to say.
#pragma once
#include <iosfwd>
#include <span>
#include <string>

#include "orchestrator/simulate/report.hpp"

namespace skald::sim {
struct simulate_options {
  std::uint64_t seed = 1;
  std::uint64_t sagas = 100'000;  // at least; 0: until the time is over
  double seconds = 0;             // at most; 0: no bound
  int sagas_a_run = 300;
  std::string definition;  // of all runs; empty: each draws one
  std::string emit_test;   // file for the doctest case of a violation
  bool json = false;
  bool full = false;  // what is not reached is a failure
};

// 0: nothing broken; 1: a violation, shrunk and shown, or a full run that did not reach all.
// Progress and schedules go to `err`.
int simulate_command(const simulate_options&, std::span<const script>, std::ostream& out,
                     std::ostream& err, const breakage& = {});
}  // namespace skald::sim
