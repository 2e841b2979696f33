// The simulator's own test: the naive choices of docs/semantics.md 6, and three of the store's,
// must be found within a bounded number of sagas; with none made, nothing may be found. Two are
// left to the model checker, which finds all (tests/unit/sagas/mutants_test.cpp).
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "sagas/naive.hpp"

using namespace skald;
using machine::choice;

namespace {
constexpr int sagas_a_run = 60;
constexpr std::uint64_t most_runs = 600;

struct made {
  explicit made(choice c) : c_(c) { machine::make_naive(c); }
  ~made() { machine::make_naive(c_, false); }
  choice c_;
};

struct hit {
  std::uint64_t run;
  std::string what;
};
std::optional<hit> find(const sim::breakage& b, std::uint64_t runs) {
  for (std::uint64_t seed = 1; seed <= runs; ++seed) {
    sim::plan p;
    p.seed = seed;
    p.sagas = sagas_a_run;
    const auto done = sim::run(p, sim::script_of(p, sim::reference_scripts()), b);
    if (done.broken()) return hit{seed, done.findings.violation};
  }
  return {};
}

void expect_found(const char* name, const sim::breakage& b) {
  const auto found = find(b, most_runs);
  std::printf("  %-26s %4ju runs of %d sagas: %s\n", name,
              static_cast<std::uintmax_t>(found ? found->run : 0), sagas_a_run,
              found ? found->what.c_str() : "NOT FOUND");
  INFO(name);
  CHECK(found);
}

// Choices that this world does not find, each with its reason.
constexpr choice made_elsewhere[] = {
    choice::publish_then_commit,  // of the checker's world: here it is `publish_first`
    choice::stale_owner,          // the same: here it is `checks`
    choice::timer_without_arm,    // the worker asks the state for its timers: none is old
    choice::undone_without_n,     // seen only where an unfenced undo is repeated and then lost
    choice::retry_remembered,     // below
};

}  // namespace

TEST_CASE("no naive choice: no violation") {
  const auto found = find({}, 150);
  CHECK_MESSAGE(!found, (found ? found->what : ""));
}

TEST_CASE("each naive choice of the engine and of its participants is found") {
  for (std::size_t i = 0; i < machine::choices; ++i) {
    const auto c = static_cast<choice>(i);
    if (std::find(std::begin(made_elsewhere), std::end(made_elsewhere), c) !=
        std::end(made_elsewhere))
      continue;
    made naive(c);
    expect_found(std::string(machine::choice_names[i]).c_str(), {});
  }
}

TEST_CASE("a `retry` that is remembered: what only has to wait is never done") {
  sim::plan p;
  p.definition = "vending";
  p.sagas = 20;
  p.always = sim::bit(sim::fault::says_retry);
  p.without = ~p.always;
  const auto completed = [&] {
    return sim::run(p, sim::script_of(p, sim::reference_scripts())).findings.completed;
  };
  CHECK(completed() == 20);
  made naive(choice::retry_remembered);
  CHECK(completed() < 20);
}

TEST_CASE("a worker without the epoch fence, without the offset check, or that publishes first") {
  expect_found("no epoch fence", {.checks = {.epoch = false}});
  expect_found("no offset check", {.checks = {.offsets = false}});
  expect_found("neither", {.checks = {.epoch = false, .offsets = false}});
  expect_found("publish before commit", {.publish_first = true});
}
