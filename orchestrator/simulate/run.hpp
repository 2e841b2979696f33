// One simulated run, from its seed to the audit.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "orchestrator/simulate/audit.hpp"
#include "orchestrator/simulate/crew.hpp"
#include "sagas/table.hpp"

namespace skald::sim {
// What was reached, over one run or many.
struct coverage {
  std::array<std::uint64_t, machine::cells> clauses{};
  std::array<std::uint64_t, fault_kinds> faults{};
  std::vector<failpoint_count> failpoints;

  void add(const coverage&);
};

struct outcome {
  sim::findings findings;
  sim::coverage coverage;
  std::uint64_t faults = 0;  // that happened
  std::uint64_t turns = 0;   // of the workers
  std::int64_t simulated_ms = 0;
  std::uint64_t absorbed = 0, fenced = 0, unknown = 0, take_overs = 0;
  std::vector<std::string> story;  // when the plan wants a trace
  bool broken() const { return !findings.violation.empty(); }
};

// For the simulator's own tests: what they break on purpose, another store behind the same seam,
// and a look at the world when it has come to rest.
struct breakage {
  sim::checks checks;
  bool publish_first = false;
  crew::opener open_store = &sim::open_store;
  std::function<void(world&)> at_rest = [](world&) {};
};

// The definition that this plan runs: the named one, or one that its seed draws.
const script& script_of(const plan&, std::span<const script> all);

// Same plan, same outcome, on every machine.
outcome run(const plan&, const script&, const breakage& = {});
}  // namespace skald::sim
