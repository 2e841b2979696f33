// No false alarm: every reference saga of the repository is proven, with its size and time printed.
#include <doctest/doctest.h>

#include <cstdio>

#include "sagas/explore/explore.hpp"
#include "sagas/explore/report.hpp"
#include "tests/reference/all.hpp"

using namespace skald;

TEST_CASE("every reference saga is proven") {
  std::printf("  saga             steps     states  depth  seconds\n");
  for (auto* d : reference::all) {
    auto r = explore::explore(*d);
    INFO(explore::to_text(*d, r));
    CHECK(r.verdict == explore::verdict::proven);
    std::printf("  %-16s %5zu %10zu  %5d  %7.2f\n", std::string(d->name).c_str(), d->steps.size(),
                r.states, r.depth, r.seconds);
  }
}
