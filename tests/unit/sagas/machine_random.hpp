// Random sagas: definitions of every shape, and events from plausible to absurd. Seeded, so that a
// failure names the seed that repeats it.
#pragma once
#include <random>
#include <vector>

#include "machine_scene.hpp"

namespace skald::machine {
std::vector<definition> many_definitions();

class random_events {
 public:
  explicit random_events(std::uint64_t seed) : bits_(seed) {}
  event next(const scene&);
  std::uint64_t below(std::uint64_t bound) { return bits_() % bound; }

 private:
  event likely(const scene&, std::uint8_t step);
  event absurd();
  std::mt19937_64 bits_;
};
}  // namespace skald::machine
