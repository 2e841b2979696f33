#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

#include "orchestrator/bench/child.hpp"
#include "orchestrator/bench/cpu_book.hpp"
#include "orchestrator/bench/process_stats.hpp"

using namespace skald::bench;
using namespace std::chrono_literals;

namespace {
constexpr pid_t nobody = 0x3ffffff;  // above every pid

double own_cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000 +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1000;
}
void burn(double ms) {
  for (const auto start = own_cpu_ms(); own_cpu_ms() < start + ms;) {
  }
}
}  // namespace

TEST_CASE("CPU time is counted, a running child's and a finished child's too") {
  const auto before = cpu_ms_of_tree(::getpid());
  burn(100);
  const auto alone = cpu_ms_of_tree(::getpid());
  CHECK(alone - before >= 80);  // the kernel counts in ticks of 10 ms
  auto c = child::start("burner", [](parent_line& line) {
    burn(100);
    line.say("burnt");
    ::pause();
    return std::string();
  });
  REQUIRE(c.hear(30s) == "burnt");
  CHECK(cpu_ms_of_tree(c.pid()) >= 80);
  CHECK(cpu_ms_of_tree(::getpid()) - alone >= 80);
  c.kill();
  CHECK(cpu_ms_of_tree(::getpid()) - alone >= 80);
  CHECK(cpu_ms_of_tree(nobody) == 0);
}

TEST_CASE("what a process took before it was killed stays counted, and its successor's is added") {
  const auto burner = [] {
    auto c = child::start("burner", [](parent_line& line) {
      burn(50);
      line.say("burnt");
      ::pause();
      return std::string();
    });
    REQUIRE(c.hear(30s) == "burnt");
    return c;
  };
  cpu_book book;
  book.watch("elsewhere", {});
  CHECK_FALSE(book.ms().at("elsewhere"));
  auto c = burner();
  book.watch("service", c.pid());
  const auto first_ms = *book.ms().at("service");
  CHECK(first_ms >= 30);
  book.ending("service");
  c = burner();
  book.watch("service", c.pid());
  CHECK(*book.ms().at("service") >= first_ms + 30);
}

TEST_CASE("memory is what the process has touched, and its peak stays") {
  const auto before = memory_of(::getpid());
  REQUIRE(before);
  {
    const std::vector<char> large(64 << 20, 'x');
    const auto now = memory_of(::getpid());
    REQUIRE(now);
    CHECK(now->rss_mb - before->rss_mb > 60);
    CHECK(large[4711] == 'x');
  }
  CHECK(memory_of(::getpid())->peak_rss_mb >= before->rss_mb + 60);
  CHECK_FALSE(memory_of(nobody));
}

TEST_CASE("who listens on a port is found") {
  const int s = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(s, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(s, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const auto port = ntohs(address.sin_port);
  CHECK_FALSE(listener_of(port));  // bound only
  REQUIRE(::listen(s, 1) == 0);
  CHECK(listener_of(port) == ::getpid());
  ::close(s);
  CHECK_FALSE(listener_of(port));
}

TEST_CASE("names and parents") {
  CHECK(parent_of(::getpid()) == ::getppid());
  CHECK_FALSE(parent_of(nobody));
  CHECK_FALSE(name_of(::getpid()).empty());
  CHECK(name_of(nobody).empty());
}

TEST_CASE("the machine has facts") {
  const auto facts = facts_of_this_machine();
  CHECK(facts.cores >= 1);
  CHECK(facts.memory_gib > 0.1);
  CHECK(facts.kernel.starts_with("Linux "));
  CHECK(facts.system.find('"') == std::string::npos);
  const auto before = machine_time_now();
  burn(50);
  const auto after = machine_time_now();
  CHECK(after.busy_ms > before.busy_ms);
  CHECK(after.total_ms - before.total_ms >= after.busy_ms - before.busy_ms);
}
