#include "orchestrator/failpoint.hpp"

#include <doctest/doctest.h>

using namespace skald;

namespace {
struct disarmed {
  ~disarmed() { failpoint::arm(""); }
};
std::string complaint(const char* text) try {
  failpoint::arm(text);
  return "armed";
} catch (const std::invalid_argument& e) {
  return e.what();
}
}  // namespace

TEST_CASE("off, a failpoint does nothing") {
  CHECK(failpoint::pass("anything") == failpoint::effect::none);
}

TEST_CASE("a failpoint acts at its hit and only there; without one at each pass") {
  const disarmed after;
  failpoint::arm("commit.sync_sent=drop@2;commit.before_sync=error;sweep.row=throw@1");
  CHECK(failpoint::pass("commit.sync_sent") == failpoint::effect::none);
  CHECK(failpoint::pass("commit.sync_sent") == failpoint::effect::drop);
  CHECK(failpoint::pass("commit.sync_sent") == failpoint::effect::none);
  CHECK(failpoint::pass("commit.before_sync") == failpoint::effect::error);
  CHECK(failpoint::pass("commit.before_sync") == failpoint::effect::error);
  CHECK_THROWS_AS(failpoint::pass("sweep.row"), failpoint::failpoint_error);
  CHECK(failpoint::pass("sweep.row") == failpoint::effect::none);
  CHECK(failpoint::pass("other") == failpoint::effect::none);
}

TEST_CASE("a mistake in the setting is named") {
  const disarmed after;
  CHECK(complaint("timer.due") ==
        "SKALD_FAILPOINTS: \"timer.due\" is not of the form name=action[@hit]");
  CHECK(complaint("timer.due=explode") ==
        "SKALD_FAILPOINTS: \"explode\" is not kill, throw, sleep:MS, drop, error or count");
  CHECK(complaint("timer.due=kill@x") ==
        "SKALD_FAILPOINTS: \"x\" is not a number in \"timer.due=kill@x\"");
  CHECK(complaint("timer.due=sleep:") ==
        "SKALD_FAILPOINTS: \"\" is not a number in \"timer.due=sleep:\"");
  CHECK(complaint("timer.do=kill") ==
        "SKALD_FAILPOINTS: there is no failpoint \"timer.do\"; skald failpoints lists all");
}

TEST_CASE("what a place cannot do is refused, not thrown away") {
  const disarmed after;
  constexpr auto others = "; kill, throw, sleep:MS and count work everywhere";
  const auto cannot = [&](const char* what) {
    return "SKALD_FAILPOINTS: " + std::string(what) + others;
  };
  CHECK(complaint("timer.due=drop") == cannot("timer.due cannot carry out drop"));
  CHECK(complaint("dispatch.sent=error@2") == cannot("dispatch.sent cannot carry out error"));
  CHECK(complaint("commit.sync_sent=error") == cannot("commit.sync_sent cannot carry out error"));
  CHECK(complaint("commit.done=kill;*=drop@1") == cannot("consume.polled cannot carry out drop"));
  CHECK(complaint("commit.statement:fence=error;commit.before_sync=drop") == "armed");
  for (const auto& p : failpoint::known())
    for (const char* action : {"kill", "throw", "sleep:1", "count"})
      CHECK(complaint((std::string(p.name) + '=' + action).c_str()) == "armed");
}

TEST_CASE("one of a kind is passed under both names, and all can be counted") {
  const disarmed after;
  failpoint::arm("commit.statement:fence=drop@1;commit.statement=error@2");
  CHECK(failpoint::pass("commit.statement", "fence") == failpoint::effect::drop);
  CHECK(failpoint::pass("commit.statement", "open_put") == failpoint::effect::error);
  failpoint::arm("*=count");
  CHECK(failpoint::counts().size() == failpoint::known().size());
  CHECK(failpoint::pass("timer.due") == failpoint::effect::none);
  for (const auto& [name, passes] : failpoint::counts()) CHECK(passes == (name == "timer.due"));
}
