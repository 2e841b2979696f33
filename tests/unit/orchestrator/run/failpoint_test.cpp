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
  failpoint::arm("a=drop@2;b=error;c=throw@1");
  CHECK(failpoint::pass("a") == failpoint::effect::none);
  CHECK(failpoint::pass("a") == failpoint::effect::drop);
  CHECK(failpoint::pass("a") == failpoint::effect::none);
  CHECK(failpoint::pass("b") == failpoint::effect::error);
  CHECK(failpoint::pass("b") == failpoint::effect::error);
  CHECK_THROWS_AS(failpoint::pass("c"), failpoint::failpoint_error);
  CHECK(failpoint::pass("c") == failpoint::effect::none);
  CHECK(failpoint::pass("other") == failpoint::effect::none);
}

TEST_CASE("a mistake in the setting is named") {
  const disarmed after;
  CHECK(complaint("a") == "SKALD_FAILPOINTS: \"a\" is not of the form name=action[@hit]");
  CHECK(complaint("a=explode") ==
        "SKALD_FAILPOINTS: \"explode\" is not kill, throw, sleep:MS, drop or error");
  CHECK(complaint("a=drop@x") == "SKALD_FAILPOINTS: \"x\" is not a number in \"a=drop@x\"");
  CHECK(complaint("a=sleep:") == "SKALD_FAILPOINTS: \"\" is not a number in \"a=sleep:\"");
}
