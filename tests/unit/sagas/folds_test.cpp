// No fold of the model checker hides a violation: with every fold off (world.hpp), and again with
// copies counted and no consumed bit, small sagas get the same verdict, right or naive.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "explore_subjects.hpp"
#include "sagas/explore/report.hpp"

using namespace skald;
using namespace skald::test;
using explore::verdict;
using machine::choice;

namespace {
// `times`: retries of a command and of an undo, all of which are told apart when nothing is folded.
definition patient(definition d, int times) {
  for (auto& s : d.steps.items) s.retry.times = s.undo_retry.times = times;
  return d;
}

subject unfolded(subject s) {
  s.o.fold = false;
  return s;
}
subject counted(subject s) {
  s.o.exact = true;
  return s;
}
subject without_bit(subject s) {
  s.o.consumed_bit = false;
  return s;
}

explore::report explored(const char* how, const subject& s) {
  auto r = explore::explore(s.d, s.o);
  std::printf("  %-28s %-16s %9zu states, depth %2d, %6.2f s\n", how, std::string(s.d.name).c_str(),
              r.states, r.depth, r.seconds);
  std::fflush(stdout);
  return r;
}

void proven(const char* how, const subject& s) {
  const auto r = explored(how, s);
  INFO(explore::to_text(s.d, r));
  CHECK(r.verdict == verdict::proven);
  CHECK(r.scenarios[0].live);
  CHECK(r.scenarios[1].live);
}

definition single() {
  return patient(saga_of("single", {compensatable("reserve", 0)}), 1);
}
definition pivot_first() {
  return patient(saga_of("pivot first", {pivot("award", 0), retriable_step("bill", 1)}), 1);
}
definition all_retriable() {
  return patient(saga_of("all retriable", {retriable_step("one", 0), retriable_step("two", 1)}), 1);
}
}  // namespace

TEST_CASE("nothing folded: small sagas are proven as before") {
  const explore::options plain{.payments = 1, .pause = false};
  proven("unfolded, pause", unfolded({single(), {}}));
  proven("unfolded, three tries", unfolded({patient(single(), 2), plain}));
  proven("unfolded", unfolded({patient(single_await(), 1), plain}));
  proven("unfolded", unfolded({pivot_first(), plain}));
  proven("unfolded", unfolded({all_retriable(), plain}));
  proven("unfolded", unfolded({patient(no_pivot(), 1), plain}));
}

TEST_CASE("copies counted, with and without the consumed bit: the same") {
  for (auto& d : {single(), single_await(), pivot_first(), all_retriable()}) {
    CHECK(explored("counted", counted({d, {}})).verdict == verdict::proven);
    CHECK(explored("counted, no consumed bit", without_bit(counted({d, {}}))).verdict ==
          verdict::proven);
  }
  CHECK(explored("counted", counted({vending(), {.faults = 2}})).verdict == verdict::proven);
}

TEST_CASE("each naive choice is found whatever is folded") {
  for (auto& m : mutants) {
    made naive(m.made);
    auto s = subject_called(m.saga);
    s.d = patient(s.d, 1);
    s.o.pause = m.made == choice::pause_drops;
    s.o.max_states = 20'000;  // of a scenario that does not show it
    INFO(machine::choice_names[static_cast<std::size_t>(m.made)]);
    CHECK(explored("unfolded", unfolded(s)).verdict == verdict::violation);
    if (s.o.pause || m.rule == "S9" || m.rule == "S2") continue;  // scenarios without copies
    CHECK(explored("counted", counted(s)).verdict == verdict::violation);
    CHECK(explored("counted, no consumed bit", without_bit(counted(s))).verdict ==
          verdict::violation);
  }
}

TEST_CASE("in a set the consumed bit is needed: a forgotten event would hide in its duplicate") {
  made naive(choice::drop_early);
  const auto s = subject_called("single-await");
  CHECK(explored("set", s).verdict == verdict::violation);
  CHECK(explored("set, no consumed bit", without_bit(s)).verdict == verdict::proven);
}
