#include "orchestrator/simulate/faults.hpp"

namespace skald::sim {
namespace {
constexpr std::uint32_t a_third = 333'333;  // per million
}

fault_mix::fault_mix(std::uint64_t seed, fault_set without, fault_set always, std::uint64_t most)
    : left_(most) {
  dice swarm(seed, fault_kinds);
  const auto of_eight = swarm.below(8) == 0 ? 7u : 4u;
  for (std::size_t i = 0; i < fault_kinds; ++i) {
    streams_.emplace_back(seed, i);
    const auto shift = swarm.below(4);  // the most there may be, or down to an eighth of it
    const bool on = swarm.below(8) < of_eight && !(without >> i & 1);
    if (always >> i & 1)
      rates_[i] = a_third;
    else if (on)
      rates_[i] = (faults[i].most_per_million >> shift) + 1;
  }
}
}  // namespace skald::sim
