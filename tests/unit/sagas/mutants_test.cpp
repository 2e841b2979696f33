// The checker's own test: every naive choice of docs/semantics.md 6, made in the engine or in the
// world, must be found in some definition; with none made, nothing may be found. Unreduced.
#include <doctest/doctest.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "explore_subjects.hpp"
#include "sagas/explore/explore.hpp"
#include "sagas/explore/report.hpp"
#include "sagas/naive.hpp"

using namespace skald;
using namespace skald::test;
using machine::choice;

TEST_CASE("no naive choice: no violation") {
  for (auto& s : subjects()) {
    auto r = explore::explore(s.d, s.o);
    INFO(explore::to_text(s.d, r));
    CHECK(r.verdict == explore::verdict::proven);
  }
}

TEST_CASE("each naive choice is found") {
  static_assert(std::size(mutants) == machine::choices);
  std::printf("  naive choice             steps  page   rule  saga, worlds until found\n");
  for (auto& m : mutants) {
    made naive(m.made);
    auto s = subject_called(m.saga);
    s.o.pause = m.made == choice::pause_drops;
    auto r = explore::explore(s.d, s.o);
    auto name = machine::choice_names[static_cast<std::size_t>(m.made)];
    std::printf("  %-24s %5zu  %-5s  %-4s  %s, %zu\n", name.data(), r.trace.size(), m.page,
                r.rule.c_str(), m.saga.data(), r.states);
    INFO(name);
    CHECK(r.verdict == explore::verdict::violation);
    CHECK(r.rule == m.rule);
    CHECK(r.trace.size() == m.steps);
  }
}
