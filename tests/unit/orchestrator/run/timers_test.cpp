#include "orchestrator/timers.hpp"

#include <doctest/doctest.h>

#include "orchestrator/clock.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/slices.hpp"

using namespace skald;
using namespace std::chrono_literals;

namespace {
std::vector<std::int64_t> taken(timers& t, std::int64_t now_ms, std::size_t most = 100) {
  std::vector<timers::due> due;
  t.take(now_ms, most, due);
  std::vector<std::int64_t> all;
  for (const auto& d : due) all.push_back(d.no);
  return all;
}
using numbers = std::vector<std::int64_t>;
}  // namespace

TEST_CASE("timers fire once, earliest first, not before their time") {
  timers t;
  t.set(1, {}, 300, 1);
  t.set(2, {}, 100, 1);
  t.set(3, {}, 0, 1);
  CHECK(t.next_ms() == 100);
  CHECK(taken(t, 99) == numbers{});
  CHECK(taken(t, 300) == numbers{2, 1});
  CHECK(taken(t, 1'000) == numbers{});
  CHECK(t.size() == 3);
}

TEST_CASE("a timer that moved fires at its new time, one that was forgotten never") {
  timers t;
  t.set(1, {}, 100, 1);
  t.set(1, {}, 500, 1);  // later: waits for the first entry and goes back
  t.set(2, {}, 500, 1);
  t.set(2, {}, 100, 1);  // earlier
  t.set(3, {}, 100, 1);
  t.forget(3);
  t.set(4, {}, 100, 1);
  t.set(4, {}, 0, 1);  // none any more
  CHECK(taken(t, 200) == numbers{2});
  CHECK(taken(t, 499) == numbers{});
  CHECK(taken(t, 500) == numbers{1});
}

TEST_CASE("a take is bounded; the rest is taken next") {
  timers t;
  for (int no = 0; no < 5; ++no) t.set(no, {}, 10 + no, 1);
  CHECK(taken(t, 100, 2) == numbers{0, 1});
  CHECK(taken(t, 100, 9) == numbers{2, 3, 4});
}

TEST_CASE("sagas that have not started are counted, through every change") {
  timers t;
  t.set(1, {}, 0, timers::not_started);
  t.set(2, {}, 0, timers::not_started);
  t.set(3, {}, 0, 1);
  CHECK(t.waiting_for_start() == 2);
  t.set(1, {}, 50, timers::not_started);
  CHECK(t.waiting_for_start() == 2);
  t.set(1, {}, 0, 1);
  CHECK(t.waiting_for_start() == 1);
  t.forget(2);
  t.forget(2);
  t.forget(3);
  CHECK(t.waiting_for_start() == 0);
  CHECK(t.size() == 1);
}

TEST_CASE("saga numbers rise in a shard whatever the clock does, and tell time and shard") {
  std::int64_t next = 0;
  const auto a = saga_no::take(next, 1'000, 7);
  CHECK(saga_no::at_ms(a) == 1'000);
  CHECK(saga_no::shard(a) == 7);
  const auto b = saga_no::take(next, 1'000, 7), c = saga_no::take(next, 400, 7);
  CHECK(a < b);
  CHECK(b < c);
  for (int i = 0; i < 10'000; ++i) {  // more than a millisecond has numbers for
    const auto last = next;
    const auto no = saga_no::take(next, 1'000, 7);
    REQUIRE(no >= last);
    REQUIRE(saga_no::shard(no) == 7);
  }
  CHECK(saga_no::at_ms(next) == 1'001);
  CHECK(saga_no::shard(saga_no::first(1, 255)) == 255);
}

TEST_CASE("the batch's time goes on with the steady clock and never back") {
  auto t = batch_clock::steady::now();
  batch_clock clock([&t] { return t; });
  clock.set(10'000);
  t += 5ms;
  CHECK(clock.now_ms() == 10'005);
  t += 1ms;
  clock.set(9'000);  // the database's clock was set back
  t += 1ms;
  CHECK(clock.now_ms() == 10'005);
  t += 1'993ms;
  CHECK(clock.now_ms() == 10'994);
}

TEST_CASE("slices: by place and occurrence, the first stays; what is rewound is gone") {
  slices s;
  s.put(1, 0, "\"a\"");
  s.put(1, 0, "\"other\"");
  s.put(1, 9, "9");
  CHECK(s.find(1, 0) == "\"a\"");
  const auto here = s.here();
  s.put(2, 0, "x");
  s.rewind(here);
  CHECK_FALSE(s.find(2, 0));
  CHECK(s.find(1, 9) == "9");
  CHECK(s.has_room(max_saga_slices_bytes - s.bytes()));
  CHECK_FALSE(s.has_room(max_saga_slices_bytes - s.bytes() + 1));
}
