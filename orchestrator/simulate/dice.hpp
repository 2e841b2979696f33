// Drawn numbers that a seed gives again on every machine: splitmix64.
#pragma once
#include <cstdint>

namespace skald::sim {
constexpr std::uint64_t scramble(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

class dice {
 public:
  explicit dice(std::uint64_t seed, std::uint64_t stream = 0)
      : state_(scramble(seed) ^ scramble(~stream)) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    return scramble(state_);
  }
  // From 0 to n - 1; n is not 0, and small beside 2^64.
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least + 1)));
  }
  bool chance(std::uint32_t per_million) { return below(1'000'000) < per_million; }
  template <class List>
  auto& pick(List& from) {
    return from[below(from.size())];
  }

 private:
  std::uint64_t state_;
};
}  // namespace skald::sim
