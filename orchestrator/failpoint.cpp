#include "orchestrator/failpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace skald::failpoint {
namespace {
constexpr std::array places{
    place{"consume.polled", "records were polled, or there were none"},
    place{"consume.parsed", "the envelope of one record was parsed"},
    place{"commit.begin", "a batch is decided, nothing of it is sent"},
    place{"commit.statement", "one statement of a commit was sent, whichever", true, true},
    place{"commit.statement:fence", "the fence of a shard", true, true},
    place{"commit.statement:saga_insert", "new sagas", true, true},
    place{"commit.statement:saga_update", "changed sagas", true, true},
    place{"commit.statement:journal_insert", "histories", true, true},
    place{"commit.statement:packed_insert", "outgoing records", true, true},
    place{"commit.statement:packed_delete", "outgoing records that were acknowledged", true, true},
    place{"commit.statement:open_put", "sagas that are open for long", true, true},
    place{"commit.statement:open_delete", "sagas that are no longer open", true, true},
    place{"commit.statement:quarantine_insert", "a record that cannot be applied", true, true},
    place{"commit.before_sync", "all statements were sent, the commit was not", true, true},
    place{"commit.sync_sent", "the commit was sent, its answer was not read", true},
    place{"commit.done", "the answer was read, nothing was dispatched"},
    place{"outbox.deleted", "acknowledged rows are deleted and committed"},
    place{"dispatch.sent", "one record was given to the producer"},
    place{"dispatch.delivered", "Kafka has acknowledged one record"},
    place{"timer.due", "timers are due, nothing was done about it"},
    place{"timer.fired", "one timer is decided, not committed"},
    place{"sweep.row", "a new owner sends one row of the outbox again"},
    place{"shard.assigned", "a shard was gained, not yet taken over"},
    place{"shard.revoked", "a shard was lost, not yet given up"},
    place{"retention.deleted", "some finished sagas are deleted"},
    place{"retention.detached", "a partition is detached, not dropped"},
    place{"migration.begin", "migrations are about to be applied"},
    place{"migration.applied", "all of them are applied and committed"}};

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
  if (p.name != "*" && std::find_if(places.begin(), places.end(), [&](const place& known_place) {
                         return known_place.name == p.name;
                       }) == places.end())
    throw std::invalid_argument("SKALD_FAILPOINTS: there is no failpoint \"" + p.name +
                                "\"; skald failpoints lists all");
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
  for (auto known : {"kill", "throw", "sleep", "drop", "error", "count"})
    if (p.action == known) return p;
  throw std::invalid_argument("SKALD_FAILPOINTS: \"" + p.action +
                              "\" is not kill, throw, sleep:MS, drop, error or count");
}

void add(std::vector<point>& all, point p) {
  const bool every = p.name == "*";
  for (const auto& known_place : places) {
    if (!every && p.name != known_place.name) continue;
    p.name = known_place.name;
    if ((p.action == "drop" && !known_place.drops) || (p.action == "error" && !known_place.fails))
      throw std::invalid_argument("SKALD_FAILPOINTS: " + p.name + " cannot carry out " + p.action +
                                  "; kill, throw, sleep:MS and count work everywhere");
    all.push_back(p);
  }
}

bool is(const point& p, std::string_view name, std::string_view which) {
  if (p.name == name) return true;
  return !which.empty() && p.name.size() == name.size() + 1 + which.size() &&
         p.name.starts_with(name) && p.name[name.size()] == ':' && p.name.ends_with(which);
}
}  // namespace

std::span<const place> known() {
  return places;
}

std::atomic<bool> detail::armed{false};

void arm(std::string_view text) {
  std::vector<point> read_points;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    if (end > 0) add(read_points, read(text.substr(0, end)));
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

std::vector<std::pair<std::string, long>> counts() {
  const std::lock_guard lock(guard);
  std::vector<std::pair<std::string, long>> all;
  for (const auto& p : points) all.emplace_back(p.name, p.passes);
  return all;
}

effect detail::pass(std::string_view name, std::string_view which) {
  if (watcher) return watcher(name);
  point hit;
  {
    const std::lock_guard lock(guard);
    for (auto& p : points)
      if (is(p, name, which) && (++p.passes == p.hit || p.hit == 0)) hit = p;
  }
  if (hit.action == "kill") ::raise(SIGKILL);
  if (hit.action == "throw") throw failpoint_error("failpoint " + hit.name);
  if (hit.action == "sleep") std::this_thread::sleep_for(std::chrono::milliseconds(hit.sleep_ms));
  if (hit.action == "drop") return effect::drop;
  if (hit.action == "error") return effect::error;
  return effect::none;
}
}  // namespace skald::failpoint
