#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "orchestrator/cli/log_line.hpp"
#include "orchestrator/cli/notify.hpp"

using namespace skald;
using namespace skald::cli;
using nlohmann::json;

namespace {
constexpr char ts[] = "2026-01-31T23:59:59.123Z";

log_entry whole() {
  log_entry e{severity::warning, "saga.stuck", "it \"waits\"\nfor people"};
  e.saga = parse_uuid("e012e91f-26a2-520c-8e40-fbd4d4c90026");
  e.definition = "vending";
  e.step = "charge";
  e.attempt = 3;
  e.trace_id = "0af7651916cd43dd8448eb211c80319c";
  e.topic = "skald.inbox";
  e.partition = 7;
  e.offset = 0;
  return e;
}
}  // namespace

TEST_CASE("a JSON line has its fields in order, and only what is known") {
  CHECK(json_line(whole(), ts, 0) ==
        R"({"ts":"2026-01-31T23:59:59.123Z","level":"warn","event":"saga.stuck",)"
        R"("message":"it \"waits\"\nfor people","saga_id":"e012e91f-26a2-520c-8e40-fbd4d4c90026",)"
        R"("definition":"vending","step":"charge","attempt":3,)"
        R"("trace_id":"0af7651916cd43dd8448eb211c80319c","topic":"skald.inbox","partition":7,)"
        R"("offset":0})");
  CHECK(json_line({severity::info, "service.stopped", "stopped"}, ts, 0) ==
        R"({"ts":"2026-01-31T23:59:59.123Z","level":"info","event":"service.stopped",)"
        R"("message":"stopped"})");
  CHECK(json::parse(json_line({severity::error, "x", "\xff"}, ts, 12))["suppressed"] == 12);
}

TEST_CASE("a line for people is one line") {
  CHECK(text_line({severity::error, "worker.failed", "a\nb"}, ts, 0) ==
        "2026-01-31T23:59:59.123Z error worker.failed: a b");
  const auto text = text_line(whole(), ts, 2);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.ends_with(" topic=skald.inbox partition=7 offset=0 suppressed=2"));
}

TEST_CASE("of one event so many lines a second; the next one says how many were left out") {
  rate_limit limit;
  const auto begun = rate_limit::clock::now();
  for (int i = 0; i < lines_a_second; ++i) CHECK(limit.ask("a", begun).write);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(limit.ask("a", begun).write);
  CHECK(limit.ask("b", begun).write);
  const auto later = limit.ask("a", begun + std::chrono::seconds(1));
  CHECK(later.write);
  CHECK(later.suppressed == 5);
  CHECK(limit.ask("a", begun + std::chrono::seconds(1)).suppressed == 0);
}

TEST_CASE("systemd is told where it listens, also under an abstract name; else nothing happens") {
  ::unsetenv("NOTIFY_SOCKET");
  tell_systemd("READY=1");
  const auto name = "@skald-test-" + std::to_string(::getpid());
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path, sizeof at.sun_path);
  at.sun_path[0] = 0;
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&at), size) == 0);
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  tell_systemd("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  char said[32];
  const auto n = ::recv(fd, said, sizeof said, MSG_DONTWAIT);
  ::close(fd);
  REQUIRE(n > 0);
  CHECK(std::string(said, static_cast<std::size_t>(n)) == "READY=1");
}
