#include "orchestrator/dev/child.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "orchestrator/dev/temporary_folder.hpp"

namespace {
using namespace skald::dev;
using namespace std::chrono_literals;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

child_command shell(const std::string& script) {
  return {.words = {"/bin/sh", "-c", script}, .environment = {}, .log = {}};
}

// A pipe that ends when the last process which holds its other side has ended.
struct lifeline {
  int ends[2];
  lifeline() { REQUIRE(pipe(ends) == 0); }
  ~lifeline() { close(ends[0]); }
  void let_go() { close(ends[1]); }
  bool cut() {  // waits
    char byte;
    return read(ends[0], &byte, 1) == 0;
  }
};
}  // namespace

TEST_CASE("a child's exit code and its signal are told apart") {
  CHECK(run(shell("exit 7"), 10s) == 7);
  CHECK(run(shell("kill -9 $$"), 10s) == 128 + 9);
}

TEST_CASE("output and errors go where they are sent") {
  temporary_folder folder;
  auto c = shell("echo data; echo \"$word\" >&2");
  c.environment = {{"word", "trouble"}};
  c.log = folder.path() + "/log";
  c.output = folder.path() + "/out";
  REQUIRE(run(c, 10s) == 0);
  CHECK(content(c.output) == "data\n");
  CHECK(content(c.log) == "trouble\n");
}

TEST_CASE("a program that does not exist is an error with its name") {
  CHECK_THROWS_WITH_AS(child({.words = {"/no/such/program"}, .environment = {}, .log = {}}),
                       "cannot run /no/such/program: No such file or directory",
                       std::runtime_error);
}

TEST_CASE("a child that ignores the polite signal is killed; stopping twice is legal") {
  temporary_folder folder;
  const auto ready = folder.path() + "/ready";
  REQUIRE(run(shell("mkfifo " + ready), 10s) == 0);
  child c(shell("trap '' TERM; echo > " + ready + "; while :; do read x < " + ready + "; done"));
  std::string line;
  std::getline(std::ifstream(ready), line);  // until the trap is set
  CHECK_FALSE(c.ended());
  CHECK(c.stop(SIGTERM, 50ms) == 128 + SIGKILL);
  CHECK(c.stop(SIGTERM, 50ms) == 128 + SIGKILL);
}

TEST_CASE("a child ends with its parent, even when that is killed") {
  temporary_folder folder;
  const auto silent = folder.path() + "/silent";  // a FIFO that nobody writes
  REQUIRE(run(shell("mkfifo " + silent), 10s) == 0);
  lifeline line;
  const auto parent = fork();
  if (parent == 0) {
    child c(shell("read x < " + silent));
    kill(getpid(), SIGKILL);
  }
  line.let_go();
  int status = 0;
  REQUIRE(waitpid(parent, &status, 0) == parent);
  CHECK(WIFSIGNALED(status));
  CHECK(line.cut());  // hangs (and the test's time limit ends it) if the child lives on
}
