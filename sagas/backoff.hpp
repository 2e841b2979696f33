// How long an attempt waits for its answer. Jitter is a hash, never drawn: a replay gives the same.
#pragma once
#include <algorithm>
#include <cstdint>

#include "skald/model.hpp"

namespace skald::machine {
inline constexpr std::int64_t longest_delay_ms = 366LL * 24 * 3600 * 1000;

constexpr std::uint64_t mix(std::uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

constexpr std::int64_t bounded_ms(milliseconds t) {
  return std::clamp<std::int64_t>(t.count(), 0, longest_delay_ms);
}

// The pause before retry `retry` (1 = the first): min(cap, first * factor^(retry-1)), spread down
// by up to `jitter_percent` of it.
constexpr std::int64_t pause_ms(const backoff& b, int retry, std::uint64_t hash) {
  if (retry < 1) return 0;
  const auto cap = bounded_ms(b.cap);
  auto pause = std::min(bounded_ms(b.first), cap);
  for (int i = 1; i < retry && b.factor > 1 && pause != 0 && pause < cap; ++i)
    pause = std::min(pause * std::min(b.factor, 1000), cap);
  const std::int64_t percent = std::clamp(b.jitter_percent, 0, 100);
  return pause - pause * percent / 100 * static_cast<std::int64_t>(hash % 1001) / 1000;
}
}  // namespace skald::machine
