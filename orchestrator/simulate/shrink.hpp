// A run that broke a promise, made small: one saga if that is enough, as few kinds of fault, as few
// faults as still break it.
#pragma once
#include <span>
#include <string>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"

namespace skald::sim {
inline constexpr int most_shrink_runs = 400;

struct shrunk {
  sim::plan plan;  // its outcome is broken too
  sim::outcome outcome;
  int runs = 0;
};
shrunk shrink(const plan&, std::span<const script> all, const breakage& = {});

// A doctest case that runs the plan and expects nothing to be broken. A definition that is no
// reference saga's is written into it.
std::string to_test(const plan&, const script&);
}  // namespace skald::sim
