#include "sagas/diff.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <memory>

#include "tests/reference/all.hpp"

using namespace skald;

namespace {
std::vector<difference> changed(const definition& before,
                                const std::function<void(definition&)>& change) {
  auto after = std::make_unique<definition>(before);
  change(*after);
  return differences(before, *after);
}
std::vector<std::string> places(const std::vector<difference>& all) {
  std::vector<std::string> at;
  for (auto& d : all) at.push_back(d.at);
  return at;
}
using words = std::vector<std::string>;
}  // namespace

TEST_CASE("the same is the same") {
  for (auto* d : reference::all) CHECK(differences(*d, *d).empty());
  CHECK(effect_on_running(travel::saga, travel::saga) == "Nothing changed.");
}

TEST_CASE("a changed member is shown with its place, before and after, and a meaning") {
  const auto all = changed(vending::vending_saga, [](auto& d) {
    d.version = 2;
    d.steps[1].within = 40s;
    d.steps[2].fence = {};
  });
  CHECK(places(all) == words{"/version", "/steps/1/within_ms", "/steps/2/fence"});
  CHECK(all[0].before == "1");
  CHECK(all[0].after == "2");
  CHECK(all[1].before == "30000");
  CHECK(all[1].after == "40000");
  CHECK(all[2].after.empty());
  CHECK(all[2].before.find("vending.CancelDispense.v1") != std::string::npos);
  CHECK(all[2].meaning.find("an operator is asked") != std::string::npos);
  for (auto& d : all) CHECK_FALSE(d.meaning.empty());
}

TEST_CASE("every member of a step is compared") {
  const std::function<void(step&)> changes[] = {
      [](step& s) { s.send.participant = "x"; },
      [](step& s) { s.done = "x.Y.v1"; },
      [](step& s) { s.failed.push("x.N.v1"); },
      [](step& s) { s.occurrence = {}; },
      [](step& s) { s.when = {}; },
      [](step& s) { s.within = 1s; },
      [](step& s) { s.retry.times = 9; },
      [](step& s) { s.undo = harmless; },
      [](step& s) { s.undo_retry.times = 1; },
      [](step& s) { s.surplus = surplus::ignore; },
      [](step& s) { s.no_fence = true; },
      [](step& s) { s.not_idempotent = true; },
      [](step& s) { s.fence = s.send; },
      [](step& s) {
        s.await = {"x.Z.v1", "t", "/k", {}, unclaimed::ignore};
      }};
  for (auto& change : changes)
    CHECK_FALSE(changed(vending::vending_saga, [&](auto& d) { change(d.steps[1]); }).empty());
  const std::function<void(definition&)> saga_changes[] = {
      [](definition& d) { d.deadline = 1h; },
      [](definition& d) { d.parking = 1h; },
      [](definition& d) { d.parallel_undo = true; },
      [](definition& d) { d.strict_order = true; },
      [](definition& d) { d.publish = publish::steps; },
      [](definition& d) { d.starts.key = "/x"; }};
  for (auto& change : saga_changes) CHECK(changed(vending::vending_saga, change).size() == 1);
}

TEST_CASE("steps are matched by name: added, removed, moved") {
  CHECK(places(differences(vending::vending_saga, vending::self_pay_saga)) ==
        words{"/saga", "/deadline_ms", "/steps/1", "/steps/1"});
  const auto moved = changed(travel::saga, [](auto& d) {
    stages apart;
    for (auto& s : travel::saga.steps) apart.add(s);
    d.steps = apart;
  });
  CHECK(places(moved) == words{"/steps/1", "/steps/2", "/steps/3"});
  CHECK(moved[0].before == "0");
  CHECK(moved[0].after == "1");
}

TEST_CASE("inside a member the smallest place is shown") {
  const auto all = changed(vending::vending_saga, [](auto& d) {
    d.steps[0].retry.times = 9;
    d.steps[0].send.participant = "stock";
  });
  CHECK(places(all) == words{"/steps/0/send/participant", "/steps/0/retry/times"});
  CHECK(all[0].before == "\"inventory\"");
  CHECK(all[0].after == "\"stock\"");
}

TEST_CASE("for people: no line is wider than 100 columns, and it tells what running sagas do") {
  auto next = std::make_unique<definition>(vending::vending_saga);
  next->version = 2;
  next->steps[1].within = 40s;
  next->steps[2].fence = {};
  const auto text = to_text(vending::vending_saga, *next);
  CHECK(text.rfind("~ /version  1 -> 2\n    new sagas pin this version", 0) == 0);
  CHECK(text.find("\n~ /steps/1/within_ms  30000 -> 40000\n") != std::string::npos);
  CHECK(text.find("\n- /steps/2/fence") != std::string::npos);
  CHECK(text.find("\nSagas that run version 1 finish on version 1") != std::string::npos);
  CHECK(to_text(travel::saga, travel::saga) == "Nothing changed.\n");
  for (auto* a : reference::all)
    for (auto* b : reference::all) {
      const auto all = to_text(*a, *b);
      for (std::size_t at = 0, end = 0; (end = all.find('\n', at)) != std::string::npos;
           at = end + 1)
        CHECK(end - at <= 100);
    }
  CHECK(to_text(vending::vending_saga, vending::self_pay_saga)
            .find("\n- /steps/1  the step `charge`\n    new sagas do not have this step\n") !=
        std::string::npos);
}

TEST_CASE("running sagas keep their version") {
  auto next = std::make_unique<definition>(vending::vending_saga);
  next->steps[1].within = 40s;
  CHECK(effect_on_running(vending::vending_saga, *next).find("never edited") != std::string::npos);
  next->version = 2;
  CHECK(effect_on_running(vending::vending_saga, *next) ==
        "Sagas that run version 1 finish on version 1: nothing of this reaches them. Sagas that "
        "start after the activation run version 2.");
  CHECK(effect_on_running(vending::vending_saga, travel::saga).find("two sagas") !=
        std::string::npos);
}
