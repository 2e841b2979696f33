// Simulated time: milliseconds that pass only when nothing else is left to do.
#pragma once
#include <chrono>
#include <cstdint>

namespace skald::sim {
struct clock {
  static constexpr std::int64_t begin_ms = 1'800'000'000'000;

  std::int64_t passed_ms = 0;  // since the run began
  std::int64_t jumped_ms = 0;  // of the database's clock, by all its jumps

  std::int64_t database_ms() const { return begin_ms + passed_ms + jumped_ms; }
  std::chrono::steady_clock::time_point steady_now() const {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1) +
                                                 std::chrono::milliseconds(passed_ms));
  }
};
}  // namespace skald::sim
