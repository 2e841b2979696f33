// Breadth first over every reachable world, so that the first violation has the shortest trace.
#pragma once
#include <bitset>
#include <cstddef>
#include <vector>

#include "sagas/explore/invariants.hpp"

namespace skald::explore {
inline constexpr std::size_t max_cells = 512;           // of the engine's table
inline constexpr std::size_t max_edges = 40'000'000;    // beyond it liveness is not judged
inline constexpr int walks = 4'000, walk_length = 120;  // when a bound is reached

struct goal {
  bool (*reached)(const world&) = nullptr;  // from every world such a world must be reachable
  const char* rule = "";
  const char* sentence = "";
};

struct found {
  std::size_t states = 0, edges = 0;
  int depth = 0;
  bool complete = true;  // every reachable world was seen
  bool goal_judged = false;
  explore::violation violation;
  world beginning;               // where `path` starts
  std::vector<move> path;        // empty: no violation
  std::bitset<max_cells> cells;  // of the table, that were taken
};

found search(const universe&, const goal&, std::size_t max_states);

// Not a proof: seeded random walks from the beginnings, for a world too large to be seen whole.
found wander(const universe&, std::uint64_t seed);
}  // namespace skald::explore
