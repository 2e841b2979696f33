// A service in a process of its own, killed when the test wishes, or by its failpoint.
#pragma once
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "tests/contract/run/world.hpp"

namespace skald::test {
class own_process {
 public:
  own_process(const settings& s, const std::string& failpoints) {
    const auto shards = std::to_string(s.shards), session = std::to_string(s.session.count());
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::setenv("SKALD_FAILPOINTS", failpoints.c_str(), 1);
    ::execl(SKALD_RUN_SERVE, SKALD_RUN_SERVE, s.postgres_url.c_str(), s.kafka.bootstrap.c_str(),
            s.prefix.c_str(), shards.c_str(), session.c_str(), nullptr);
    ::_exit(127);
  }
  ~own_process() { end(SIGKILL); }
  own_process(const own_process&) = delete;
  own_process& operator=(const own_process&) = delete;

  // True once it is over; `status` as waitpid gives it.
  bool over() {
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
  }
  void end(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
  }
  void send(int signal) { ::kill(pid_, signal); }
  int status = 0;

 private:
  pid_t pid_ = 0;
};
}  // namespace skald::test
