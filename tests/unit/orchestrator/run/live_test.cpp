#include "orchestrator/live.hpp"

#include <doctest/doctest.h>

using namespace skald;

namespace {
constexpr std::size_t value_bytes = 10'000;

uuid nth(std::uint8_t n) {
  uuid id;
  id.bytes[0] = n;
  return id;
}

// One more saga that keeps a large value, as if a batch had decided it.
void add(saga_cache& to, std::uint8_t n, std::int16_t shard = 0) {
  auto& saga = to.add(nth(n));
  saga.shard = shard;
  saga.values.put(0, 0, std::string(value_bytes, 'x'));
  to.weigh(saga);
}
}  // namespace

TEST_CASE("large sagas leave the cache by their bytes, those used last stay") {
  constexpr std::size_t most_bytes = 5 * (value_bytes + 2'000);
  saga_cache cache(100, most_bytes);
  for (std::uint8_t n = 1; n <= 20; ++n) add(cache, n);
  CHECK(cache.size() == 20);  // what a batch uses stays until it is over
  CHECK(cache.bytes() >= 20 * value_bytes);
  REQUIRE(cache.find(nth(1)));
  cache.trim();
  CHECK(cache.bytes() <= most_bytes);
  CHECK(cache.size() == 5);
  for (const std::uint8_t n : {1, 17, 18, 19, 20}) CHECK(cache.find(nth(n)));
  CHECK_FALSE(cache.find(nth(16)));
}

TEST_CASE("small sagas leave the cache by their number") {
  saga_cache cache(3, 1 << 20);
  for (std::uint8_t n = 1; n <= 9; ++n) cache.weigh(cache.add(nth(n)));
  cache.trim();
  CHECK(cache.size() == 3);
  CHECK(cache.bytes() >= 3 * sizeof(live_saga));
  CHECK(cache.bytes() < 3 * (sizeof(live_saga) + 500));
}

TEST_CASE("a saga counts by what it holds now, and no more when it is gone") {
  saga_cache cache(100, 1 << 20);
  add(cache, 1, 1);
  add(cache, 2, 1);
  add(cache, 3, 2);
  const auto before = cache.bytes();
  auto* saga = cache.find(nth(3));
  REQUIRE(saga);
  saga->values.put(1, 0, std::string(3 * value_bytes, 'y'));
  saga->state.held.resize(machine::max_held);
  cache.weigh(*saga);
  cache.weigh(*saga);  // again is the same
  CHECK(cache.bytes() >= before + 3 * value_bytes + machine::max_held * sizeof(machine::event));
  cache.erase(nth(1));
  cache.erase(nth(1));
  cache.erase_shard(2);
  CHECK(cache.bytes() == before / 3);  // one like each of the three
  cache.erase_shard(1);
  CHECK(cache.bytes() == 0);
}
