// The common path must not allocate: this program counts.
#include <cstdlib>
#include <new>

#include "machine_scene.hpp"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size ? size : 1)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

using namespace skald;
using namespace skald::machine;

namespace {
struct always final : facts {
  bool holds(std::uint8_t) const override { return true; }
};

std::size_t allocations_of(const definition& d, std::initializer_list<event> events,
                           phase expected) {
  machine::saga s;
  std::vector<action> actions;
  actions.reserve(max_steps + 2);
  const auto before = allocations;
  for (auto& e : events) {
    actions.clear();
    machine::step(d, s, e, always{}, actions);
  }
  const auto after = allocations;
  CHECK(s.phase == expected);
  return after - before;
}

event ok(std::uint8_t i) {
  return {.kind = event_kind::ok, .step = i, .occurrence = 7};
}
}  // namespace

TEST_CASE("a saga's ordinary life allocates nothing") {
  const auto count =
      allocations_of(vending(), {{.kind = event_kind::start}, ok(0), ok(0), ok(1), ok(2), ok(3)},
                     phase::completed);
  CHECK(count == 0);
}

TEST_CASE("retries, an abort and its undos allocate nothing") {
  const event undone_1{.kind = event_kind::undone, .step = 1, .n = 1};
  const event undone_0{.kind = event_kind::undone, .step = 0, .n = 1};
  const auto count = allocations_of(vending(),
                                    {{.kind = event_kind::start},
                                     {.kind = event_kind::timer, .step = 0, .arm = 1},
                                     ok(0),
                                     {.kind = event_kind::cancel},
                                     undone_1,
                                     undone_0},
                                    phase::aborted);
  CHECK(count == 0);
}

TEST_CASE("the counter counts: a parked event is kept, and that allocates") {
  CHECK(allocations_of(vending(), {ok(1)}, phase::none) > 0);
}
