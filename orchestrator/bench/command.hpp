// `skald bench`: measures a service, and the floors under it, on the given PostgreSQL and Kafka.
#pragma once
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "orchestrator/bench/ground.hpp"

namespace skald::bench {
struct bench_options {
  bench::servers servers;
  bool quick = false;             // short runs, no growth, no kills: under 5 minutes
  bool json = false;              // to `out`; else a table
  std::vector<std::string> only;  // names of runs (run_names()); empty: all
  int workers = 2;
  std::size_t window = 8'000;        // sagas in flight in a closed loop
  std::int64_t preload = 5'000'000;  // finished sagas of the growth run
  int kills = 20;
  std::int64_t open_sagas = 100'000;     // of the restart run
  milliseconds warm_up{0}, measured{0};  // 0: as quick says
  std::uint64_t seed = 1;
  std::string write_doc;  // a page whose measured part is written anew; empty: none
};

std::vector<std::string> run_names();

// Progress goes to `err`. Returns 0; 1 when a run has failed or its books disagree; 2 for options
// that make no sense; 5 when PostgreSQL or Kafka cannot be reached. A missed target is no failure:
// it says something about this machine. To be called while the process has one thread.
int bench_command(const bench_options&, std::ostream& out, std::ostream& err);
}  // namespace skald::bench
