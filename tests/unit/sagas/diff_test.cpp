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
