// The simulator's own promises: a seed is a run; what breaks is found, made small and written down.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/simulate/command.hpp"
#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/reach.hpp"

using namespace skald;

namespace {
sim::plan plan_of(std::uint64_t seed) {
  sim::plan p;
  p.seed = seed;
  p.sagas = 60;
  return p;
}
sim::outcome run(const sim::plan& p) {
  return sim::run(p, sim::script_of(p, sim::reference_scripts()));
}
}  // namespace

TEST_CASE("the same seed is the same run, to the last fault") {
  const auto a = run(plan_of(7)), b = run(plan_of(7));
  CHECK(a.coverage.clauses == b.coverage.clauses);
  CHECK(a.coverage.faults == b.coverage.faults);
  CHECK(a.simulated_ms == b.simulated_ms);
  CHECK(a.findings.journal_rows == b.findings.journal_rows);
  CHECK(a.turns == b.turns);
  CHECK(run(plan_of(8)).findings.journal_rows != a.findings.journal_rows);
}

TEST_CASE("no fault: every saga that starts completes") {
  for (const auto& s : sim::reference_scripts()) {
    auto p = plan_of(3);
    p.most_faults = 0;
    const auto done = sim::run(p, s);
    CAPTURE(s.spec().name);
    CHECK(done.findings.violation == "");
    CHECK(done.findings.completed == 60);
    CHECK(done.findings.undone == 0);
    CHECK(done.faults == 0);
  }
}

TEST_CASE("many faults: nothing is broken, and all of it comes to rest") {
  sim::series all;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    const auto p = plan_of(seed);
    const auto done = run(p);
    CAPTURE(seed);
    CHECK(done.findings.violation == "");
    all.add(p, done);
  }
  CHECK(all.sagas == 3'600);
  CHECK(all.faults > 3'600);
  CHECK(all.completed > 2'000);
  CHECK(all.aborted > 100);
  CHECK(all.unknown > 0);
  CHECK(all.take_overs > 60);
  CHECK(sim::to_json(all, {}).find("\"violations\": 0") != std::string::npos);
}

TEST_CASE("a database that does not look at epochs and offsets is found out and made small") {
  const sim::breakage broken{.checks = {.epoch = false, .offsets = false}};
  sim::simulate_options o;
  o.seed = 201;  // shows it early
  o.sagas = 60'000;
  o.sagas_a_run = 30;
  std::ostringstream out, err;
  CHECK(sim::simulate_command(o, sim::reference_scripts(), out, err, broken) == 1);
  CHECK(err.str().find("BROKEN") != std::string::npos);
  CHECK(out.str().find("1 violations") != std::string::npos);
}

TEST_CASE("a plan becomes a test: the text that is compiled below") {
  std::ifstream file(SKALD_SOURCE_FOLDER "/tests/simulation/emitted.inc");
  std::stringstream kept;
  kept << file.rdbuf();
  auto p = plan_of(5);
  p.definition = "vending";
  p.only_saga = 4;
  p.without = bit(sim::fault::lies);
  auto text = sim::to_test(p, sim::script_of(p, sim::reference_scripts()));
  p.definition = "mine";
  p.most_faults = 7;
  const sim::script mine(load_definition(R"({"skald":1,"saga":"mine","version":1,
    "starts":{"event":"E","key":"/k"},"steps":[{"step":"a","send":{"command":"C","participant":"p",
    "fields":[]},"done":"D","within_ms":9,"undo":"harmless"}]})"));
  text += "\n" + sim::to_test(p, mine);
  CHECK_MESSAGE(kept.str() == text, text);
}

#include "tests/simulation/emitted.inc"

TEST_CASE("what a full run must reach is all that can be reached") {
  const auto missing = sim::unreached({});
  std::size_t cannot = 0;
  for (std::size_t i = 0; i < machine::cells; ++i)
    cannot += !sim::why_not(static_cast<machine::cell>(i)).empty();
  for (const auto& f : failpoint::known()) cannot += !sim::why_not(f.name).empty();
  CHECK(cannot < 20);
  CHECK(missing.size() + cannot == machine::cells + sim::fault_kinds + failpoint::known().size());
}
