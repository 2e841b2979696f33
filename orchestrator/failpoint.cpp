#include "orchestrator/failpoint.hpp"

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace skald::failpoint {
namespace {
struct point {
  std::string name, action;
  long sleep_ms = 0;
  long hit = 0;  // 0: every pass
  long passes = 0;
};
std::mutex guard;  // of points
std::vector<point> points;
std::function<effect(std::string_view)> watcher;

long number(std::string_view text, std::string_view whole) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    throw std::invalid_argument("SKALD_FAILPOINTS: \"" + std::string(text) +
                                "\" is not a number in \"" + std::string(whole) + "\"");
  return value;
}

point read(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0)
    throw std::invalid_argument("SKALD_FAILPOINTS: \"" + std::string(text) +
                                "\" is not of the form name=action[@hit]");
  point p;
  p.name = text.substr(0, equals);
  auto rest = text.substr(equals + 1);
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    p.hit = number(rest.substr(at + 1), text);
    rest = rest.substr(0, at);
  }
  if (rest.starts_with("sleep:")) {
    p.sleep_ms = number(rest.substr(6), text);
    rest = "sleep";
  }
  p.action = rest;
  for (auto known : {"kill", "throw", "sleep", "drop", "error"})
    if (p.action == known) return p;
  throw std::invalid_argument("SKALD_FAILPOINTS: \"" + p.action +
                              "\" is not kill, throw, sleep:MS, drop or error");
}
}  // namespace

std::atomic<bool> detail::armed{false};

void arm(std::string_view text) {
  std::vector<point> read_points;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    if (end > 0) read_points.push_back(read(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  const std::lock_guard lock(guard);
  points = std::move(read_points);
  detail::armed = !points.empty() || watcher;
}

void arm_from_environment() {
  if (const char* text = std::getenv("SKALD_FAILPOINTS")) arm(text);
}

void watch(std::function<effect(std::string_view)> asked) {
  watcher = std::move(asked);
  detail::armed = !points.empty() || watcher;
}

effect detail::pass(std::string_view name) {
  if (watcher) return watcher(name);
  point hit;
  {
    const std::lock_guard lock(guard);
    for (auto& p : points)
      if (p.name == name && (++p.passes == p.hit || p.hit == 0)) hit = p;
  }
  if (hit.action == "kill") ::raise(SIGKILL);
  if (hit.action == "throw") throw failpoint_error("failpoint " + hit.name);
  if (hit.action == "sleep") std::this_thread::sleep_for(std::chrono::milliseconds(hit.sleep_ms));
  if (hit.action == "drop") return effect::drop;
  if (hit.action == "error") return effect::error;
  return effect::none;
}
}  // namespace skald::failpoint
