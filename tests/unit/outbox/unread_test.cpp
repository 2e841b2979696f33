#include "outbox/unread.hpp"

#include <doctest/doctest.h>

#include <random>
#include <set>

using skald::unread_ids;
using ranges = std::vector<unread_ids::range>;
using ids = std::vector<std::int64_t>;
constexpr auto open_end = unread_ids::last_id;

TEST_CASE("what is taken leaves gaps, and late rows close them") {
  unread_ids u;
  CHECK(u.ranges() == ranges{{1, open_end}});
  u.take(ids{1, 2, 5, 6, 9});
  CHECK(u.ranges() == ranges{{3, 4}, {7, 8}, {10, open_end}});
  u.take(ids{4, 7, 8});
  CHECK(u.ranges() == ranges{{3, 3}, {10, open_end}});
  u.take(ids{});
  CHECK(u.ranges() == ranges{{3, 3}, {10, open_end}});
  u.take(ids{3, 10});
  CHECK(u.ranges() == ranges{{11, open_end}});
}

TEST_CASE("dead ids are closed") {
  unread_ids u;
  u.take(ids{3, 6});
  u.close_up_to(4);
  CHECK(u.ranges() == ranges{{5, 5}, {7, open_end}});
  u.close_up_to(2);
  CHECK(u.ranges() == ranges{{5, 5}, {7, open_end}});
  u.close_up_to(100);
  CHECK(u.ranges() == ranges{{101, open_end}});
}

TEST_CASE("the ranges are bounded, and no unread id is ever forgotten") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20; ++round) {
    unread_ids u;
    std::set<std::int64_t> taken;
    std::int64_t top = 0;
    for (int step = 0; step < 40; ++step) {
      ids some;
      for (int i = 0; i < 400; ++i) {
        top += 1 + static_cast<std::int64_t>(random() % 4);
        if (random() % 2) some.push_back(top);
      }
      u.take(some);
      taken.insert(some.begin(), some.end());
      REQUIRE(u.ranges().size() <= unread_ids::max_ranges);
    }
    auto& all = u.ranges();
    for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].last < all[i].first);
    std::size_t r = 0;
    for (std::int64_t id = 1; id <= top; ++id) {
      while (all[r].last < id) ++r;
      if (!taken.contains(id)) REQUIRE(all[r].first <= id);
    }
    CHECK(all.back().last == open_end);
  }
}
