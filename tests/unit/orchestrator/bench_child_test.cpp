#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

#include "orchestrator/bench/child.hpp"

using namespace std::chrono_literals;
using skald::bench::child;
using skald::bench::parent_line;

namespace {
void wait_to_stop(parent_line& line) {
  pollfd p{line.fd(), POLLIN, 0};
  ::poll(&p, 1, -1);
}
bool runs(pid_t pid) {
  return ::kill(pid, 0) == 0;
}
}  // namespace

TEST_CASE("a child talks line by line and has a last word") {
  auto c = child::start("talker", [](parent_line& line) {
    line.say("ready");
    line.say("two\nlines");
    wait_to_stop(line);
    return std::string(line.stop_asked() ? "stopped" : "not asked");
  });
  CHECK(c.hear(5s) == "ready");
  CHECK(c.hear(5s) == "two lines");
  CHECK(c.finish(5s) == "stopped");
  CHECK(c.finish(5s) == "stopped");
}

TEST_CASE("it is a process of its own") {
  auto c = child::start("self", [](parent_line&) { return std::to_string(::getpid()); });
  const auto pid = c.pid();
  CHECK(pid != ::getpid());
  CHECK(c.finish(5s) == std::to_string(pid));
  CHECK_FALSE(runs(pid));
}

TEST_CASE("what a child throws is thrown in the parent, with its name") {
  auto c = child::start(
      "broken", [](parent_line&) -> std::string { throw std::runtime_error("no such topic"); });
  CHECK_THROWS_WITH_AS(c.finish(5s), "broken: no such topic", std::runtime_error);
}

TEST_CASE("silence and death are told apart") {
  auto c = child::start("silent", [](parent_line& line) {
    wait_to_stop(line);
    return std::string();
  });
  CHECK_THROWS_WITH_AS(c.hear(20ms), "silent: no word for 20 ms", std::runtime_error);
  ::kill(c.pid(), SIGKILL);
  CHECK_THROWS_WITH_AS(c.hear(5s), "silent: the process has died", std::runtime_error);
}

TEST_CASE("a child that is given up is gone") {
  pid_t pid = 0;
  {
    auto c = child::start("abandoned", [](parent_line&) {
      ::pause();
      return std::string();
    });
    pid = c.pid();
    REQUIRE(runs(pid));
    c.kill();
    c.kill();
  }
  CHECK_FALSE(runs(pid));
}

TEST_CASE("children do not hold each other's lines open") {
  auto first = child::start("first", [](parent_line& line) {
    wait_to_stop(line);
    return std::string("gone");
  });
  auto second = child::start("second", [](parent_line& line) {
    wait_to_stop(line);
    return std::string();
  });
  CHECK(first.finish(5s) == "gone");  // though `second` was forked while the line was open
}
