// The model checker on right definitions, with the real engine: proven, fast, and honest.
#include "sagas/explore/explore.hpp"

#include <doctest/doctest.h>

#include <cstdio>

#include "explore_sagas.hpp"
#include "sagas/encoding.hpp"
#include "sagas/explore/pack.hpp"
#include "sagas/explore/report.hpp"

using namespace skald;
using namespace skald::test;
using explore::verdict;

namespace {
explore::report explored(const definition& d, const explore::options& o = {}) {
  auto r = explore::explore(d, o);
  std::printf("%s", explore::to_text(d, r).c_str());
  return r;
}
}  // namespace

TEST_CASE("vending is proven, in less than a second") {
  auto r = explored(vending());
  CHECK(r.verdict == verdict::proven);
  CHECK(r.states > 1'000);
  CHECK(r.seconds < 1.0);
}

TEST_CASE("vending paid by the customer is proven") {
  auto r = explored(paid_by_customer());
  CHECK(r.verdict == verdict::proven);
  CHECK(r.states > 5'000);
}

// A field of the engine that the packing forgot would merge worlds that differ: a hidden bug.
TEST_CASE("packing loses nothing of a saga") {
  std::vector<explore::move> moves;
  std::vector<std::uint8_t> bytes, again;
  std::size_t compared = 0, turn = 0;
  for (bool pause : {false, true}) {
    const explore::universe u(paid_by_customer(), {.pause = pause});
    for (int walk = 0; walk < 500; ++walk) {
      auto w = u.beginnings()[0];
      explore::happening h;
      for (int i = 0; i < 60; ++i) {
        u.moves(w, moves);
        u.apply(w,
                moves[(turn = turn * 6364136223846793005u + 1442695040888963407u) / 65536 %
                      moves.size()],
                h);
        w.saga.recorded = 0;
        explore::world back;
        explore::pack(u.definition(), w, bytes);
        explore::unpack(u.definition(), bytes.data(), back);
        explore::pack(u.definition(), back, again);
        REQUIRE(bytes == again);
        if (h.to_engine && !h.outcome.changed) break;  // not entered again: not canonical
        REQUIRE(machine::encode(w.saga) == machine::encode(back.saga));
        ++compared;
      }
    }
  }
  CHECK(compared > 1'000);
}
