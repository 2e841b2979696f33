#include "outbox/lock_floor.hpp"

#include <doctest/doctest.h>

using skald::lock_floor;

TEST_CASE("without holders the sequence's last id is settled at once") {
  lock_floor f;
  CHECK(f.observe(7, {}) == 7);
  CHECK(f.observe(7, {}) == 7);
}

TEST_CASE("an id is settled when all who held the lock after it was given have ended") {
  lock_floor f;
  CHECK_FALSE(f.observe(10, {"a", "b"}));
  CHECK_FALSE(f.observe(20, {"b", "c"}));  // b may still insert an id up to 10
  CHECK(f.observe(30, {"c", "d"}) == 10);  // c came after 10 was read: it can only take later ids
  CHECK_FALSE(f.observe(40, {"d"}));       // 30 waits for c and d
  CHECK(f.observe(50, {}) == 50);
}

TEST_CASE("newcomers never hold a floor back") {
  lock_floor f;
  CHECK_FALSE(f.observe(1, {"t0"}));
  for (int i = 1; i < 100; ++i) CHECK(f.observe(i + 1, {"t" + std::to_string(i)}) == i);
}
