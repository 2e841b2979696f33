// What `skald definition check` says: sentences, lanes, JSON, a diagram, a test; and its exit
// codes.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "explore_sagas.hpp"
#include "sagas/explore/command.hpp"
#include "sagas/explore/lints.hpp"
#include "sagas/explore/report.hpp"

using namespace skald;
using namespace skald::test;

namespace {
definition with_unfenced_charge() {
  auto d = vending();
  d.name = "unfenced";
  d.steps[1].no_fence = true;
  return d;
}
struct said {
  int code;
  std::string out, err;
  bool has(const std::string& text) const { return out.find(text) != std::string::npos; }
};
said check(const definition& d, const explore::command_options& o = {}) {
  std::ostringstream out, err;
  auto code = explore::check_command(d, o, out, err);
  return {code, out.str(), err.str()};
}
bool notes(const definition& d, const std::string& text) {
  for (auto& sentence : explore::lint(d))
    if (sentence.find(text) != std::string::npos) return true;
  return false;
}
}  // namespace

TEST_CASE("proven: exit 0, what was explored, the rules never taken") {
  auto r = check(vending());
  CHECK(r.code == 0);
  CHECK(r.out.rfind("PROVEN  vending v1: no violation is reachable", 0) == 0);
  CHECK(r.has("explored  faults, declines, cancel, operator: "));
  CHECK(r.has("explored  calm: nothing fails: "));
  CHECK(r.has("explored  pause and resume, 2 inputs held: "));
  CHECK(r.has("rules of the engine's table were taken"));
  CHECK(r.has("never taken: "));
}

TEST_CASE("a participant without a fence: exit 1, lanes, ledger, cause, fix") {
  auto r = check(vending(), {.assume = {"charge:no_fence"}});
  CHECK(r.code == 1);
  CHECK(r.out.rfind("UNSAFE  vending v1: S", 0) == 0);
  CHECK(r.has("#  you and timers"));
  CHECK(r.has("charge TAKES EFFECT"));
  CHECK(r.has("ledger\n  reserve: "));
  CHECK(r.has("why: the participant of `charge` has no fence"));
  CHECK(r.has("fix: let it use skald's participant library"));
  CHECK(r.has("proven with --reliable-replies"));
  CHECK(r.has("no orchestrator can make this safe"));
  CHECK(check(vending(), {.explore = {.reliable_replies = true}, .assume = {"charge:no_fence"}})
            .code == 0);
}

TEST_CASE("a participant that does everything twice: exit 1, S1") {
  auto r = check(vending(), {.assume = {"charge:not_idempotent"}});
  CHECK(r.code == 1);
  CHECK(r.has("S1, an effect happened twice: `charge`"));
  CHECK(r.has("let it keep the command's idempotency key"));
}

TEST_CASE("bad use: exit 2 and a sentence") {
  CHECK(check({.name = "empty"}).code == 2);
  CHECK(check({.name = "empty"}).has("the definition has no steps"));
  auto unknown = check(vending(), {.assume = {"pay:no_fence"}});
  CHECK(unknown.code == 2);
  CHECK(unknown.err == "--assume pay:no_fence: the definition has no step `pay`\n");
  CHECK(check(vending(), {.assume = {"charge"}}).err ==
        "--assume charge: write STEP:no_fence or STEP:not_idempotent\n");
}

TEST_CASE("a bound: exit 3, and it says that nothing is proven") {
  auto r = check(vending(), {.explore = {.max_states = 100}});
  CHECK(r.code == 3);
  CHECK(r.out.rfind("NOT PROVEN  vending v1", 0) == 0);
  CHECK(r.has("the bound was reached; random walks beyond it found nothing, which proves nothing"));
}

TEST_CASE("random walks find what lies beyond the bound") {
  auto d = with_unfenced_charge();
  d.steps[1].name = "charge";
  auto r = check(d, {.explore = {.max_states = 5}});
  CHECK(r.code == 1);
}

TEST_CASE("copies counted: the same verdicts") {
  auto single = saga_of("single", {compensatable("reserve", 0)});
  CHECK(check(single, {.explore = {.exact = true}}).code == 0);
  CHECK(check(single, {.explore = {.exact = true}, .assume = {"reserve:no_fence"}}).code == 1);
  CHECK(check(single, {.explore = {.exact = true}, .assume = {"reserve:not_idempotent"}}).code ==
        1);
}

TEST_CASE("JSON has the promised keys") {
  auto safe = check(vending(), {.output = explore::output::json});
  CHECK(safe.has("{\"definition\":\"vending\",\"version\":1,\"verdict\":\"proven\",\"states\":"));
  CHECK(safe.has("\"violation\":null,\"trace\":[]"));
  auto unsafe = check(with_unfenced_charge(), {.output = explore::output::json});
  for (auto key : {"verdict", "states", "depth", "seconds", "violation", "trace"})
    CHECK(unsafe.has("\"" + std::string(key) + "\":"));
  CHECK(unsafe.has("{\"actor\":\"charge\",\"what\":\"charge TAKES EFFECT\",\"decision\":\"\"}"));
}

TEST_CASE("a sequence diagram of the counterexample") {
  auto r = check(with_unfenced_charge(), {.output = explore::output::mermaid});
  CHECK(r.out.rfind("sequenceDiagram\n", 0) == 0);
  CHECK(r.has("you->>skald: start"));
  CHECK(r.has("Note over p1: charge TAKES EFFECT"));
}

TEST_CASE("the emitted test is the golden one, which this program also runs") {
  std::ifstream file(SKALD_SOURCE_DIR "/tests/golden/explore/unfenced_test.inc");
  std::string golden{std::istreambuf_iterator<char>(file), {}};
  CHECK(check(with_unfenced_charge(), {.output = explore::output::test}).out == golden);
  auto safe = check(vending(), {.output = explore::output::test});
  CHECK(safe.out.empty());
  CHECK(safe.err == "there is no counterexample to make a test of\n");
}

TEST_CASE("notes on a definition") {
  CHECK(explore::lint(vending()).empty());
  auto d = vending();
  d.deadline = 10s;
  CHECK(notes(d, "the deadline of 10 s is shorter than the 15 s that the steps may take"));
  d.deadline = 16s;
  CHECK(notes(d, "the deadline of 16 s comes before the retries are used up"));
  d = no_pivot();
  d.steps[1].retry.times = 1;
  CHECK(notes(d, "`notify` is retriable but gives up after 1 retries"));
  d = vending();
  d.steps[2].fence = {};
  CHECK(notes(d, "`dispense` is a pivot without a fence"));
  d = single_await();
  d.steps[0].undo = undo(undo::type::missing);
  CHECK(notes(d, "`pay` is awaited and cannot be undone"));
  CHECK(notes(d, "`pay` says `.unclaimed = undo` but has no undo"));
  CHECK(notes(paid_by_customer(unclaimed::ignore), "`pay` says `.unclaimed = ignore`"));
  d = single_await();
  d.steps[0].surplus = surplus::ignore;
  CHECK(notes(d, "a second effect of `pay` is ignored"));
  d = vending();
  d.parallel_undo = d.strict_order = true;
  CHECK(notes(d, "contradict each other"));
  d = vending();
  d.steps[0].undo_retry.times = 1;
  CHECK(notes(d, "the undo of `reserve` gives up after 1 retries"));
}

namespace {
const definition unfenced = with_unfenced_charge();
}
#include "tests/golden/explore/unfenced_test.inc"
