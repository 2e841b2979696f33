// skald audit: after any run, from the tables, the participants' books and Kafka, was every promise
// kept? Reads only; shares with the engine nothing but step() and the bodies of commands.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/audit/books.hpp"
#include "orchestrator/audit/commands.hpp"
#include "orchestrator/audit/mismatch.hpp"
#include "orchestrator/audit/sagas.hpp"
#include "orchestrator/audit/topics.hpp"

namespace skald::audit {
struct settings {
  std::string postgres;           // the orchestrator's database
  std::optional<log_access> log;  // none: what is in Kafka is not looked at
  std::vector<participant_access> participants;
  std::int64_t overdue_ms = 60'000;             // a timer may fire so much later than it is due
  std::int64_t settle_ms = 10'000;              // how long the outbox may take to be empty
  std::int64_t horizon_ms = 40LL * 86'400'000;  // as the service's settings
  std::int64_t fence_retention_ms = 30LL * 86'400'000;
  std::int64_t most_fingerprints = 32'000'000;  // in memory at a time: 8 bytes each, about
};

struct report {
  saga_counts sagas;
  std::optional<command_counts> commands;
  std::optional<std::int64_t> starts_read;
  std::map<std::string, step_total> effects;  // by "<definition>/<step>"
  std::int64_t fence_rows = 0;
  std::int64_t service_seen_ms_ago = -1;
  double seconds = 0;
  mismatches found;
};

// Throws pg::error, log_error.
report run(const settings&);
}  // namespace skald::audit
