// Saga numbers: time-ordered, so that new rows and journal rows land side by side.
// 42 bits of milliseconds, 8 bits of shard, 13 bits of counter.
#pragma once
#include <algorithm>
#include <cstdint>

namespace skald::saga_no {
inline constexpr int shard_bits = 8, counter_bits = 13;
inline constexpr int time_shift = shard_bits + counter_bits;
inline constexpr std::int64_t counter_mask = (1 << counter_bits) - 1;

// The lowest number of this millisecond and shard.
constexpr std::int64_t first(std::int64_t at_ms, std::int16_t shard) {
  return (at_ms << time_shift) | (std::int64_t{shard} << counter_bits);
}
constexpr std::int64_t at_ms(std::int64_t no) {
  return no >> time_shift;
}
constexpr std::int16_t shard(std::int64_t no) {
  return static_cast<std::int16_t>((no >> counter_bits) & ((1 << shard_bits) - 1));
}

// A number for a saga that starts at `now_ms`; `next_no` is the shard's lower bound and moves on.
// Strictly rising per shard even when the clock stands still or goes back: a millisecond whose
// counter is used up borrows the next one.
constexpr std::int64_t take(std::int64_t& next_no, std::int64_t now_ms, std::int16_t shard) {
  const auto no = std::max(next_no, first(now_ms, shard));
  next_no = (no & counter_mask) == counter_mask ? first(at_ms(no) + 1, shard) : no + 1;
  return no;
}
}  // namespace skald::saga_no
