// `skald dev --demo vending`: a private PostgreSQL, an embedded broker, the service, the three
// participants and a stream of customers, each a process of its own; then an audit of the money.
#pragma once
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

#include "orchestrator/dev/languages.hpp"
#include "outbox/log.hpp"

namespace skald::dev {
struct demo_settings {
  std::string version;
  std::string kafka;     // empty: the embedded broker
  std::string postgres;  // empty: a private one
  std::string prefix = "skald";
  std::string http;  // ADDRESS:PORT of the API, without keys on loopback; empty: no API
  std::uint64_t once = 0;  // 0: until it is stopped
  double per_second = 20;
  std::uint64_t seed = 1;
  languages participants = read_languages("");
  bool self_pay = false;   // the customers pay: early, late, twice, and never
  bool live_line = false;  // `err` is a terminal: one line is rewritten
};

// What the embedded broker can be trusted with: it forgets records beyond about 5 MB a partition.
inline constexpr double fastest_in_memory_per_second = 200;

struct demo_result {
  std::uint64_t started = 0, completed = 0, aborted = 0, stuck = 0;
  std::uint64_t duplicates_noted = 0, early_noted = 0;
  int restarts = 0;
  double seconds = 0;
  bool all_ended = true;
  bool exact = false;  // the audit's verdict
  std::string audit;   // its totals, one JSON object
  std::string mistakes;
};

// Blocks until N sagas have ended, or SIGINT or SIGTERM (which the caller has blocked). Progress
// goes to `err`. Throws std::runtime_error with what to do when a part cannot be started or dies,
// log_error and pg::error when Kafka or PostgreSQL cannot be reached.
demo_result run_vending_demo(const demo_settings&, std::ostream& err);
}  // namespace skald::dev
