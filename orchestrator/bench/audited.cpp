#include "orchestrator/bench/audited.hpp"

#include "orchestrator/audit/audit.hpp"
#include "orchestrator/bench/events.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::bench {
std::vector<std::string> audited(const servers& s, const ground& g) {
  audit::settings wanted{.postgres = g.database()};
  const kafka::connection to{.bootstrap = s.kafka, .client_id = "skald-bench"};
  wanted.log = audit::log_access{[to] { return kafka::open_reader(to, {.group = "skald-bench"}); },
                                 [to] { return kafka::open_admin(to); }};
  wanted.participants.push_back(
      {{participants.begin(), participants.end()}, g.participants_database(), {}});
  const auto found = audit::run(wanted).found;
  std::vector<std::string> all;
  for (const auto& [kind, n] : found.counts())
    all.push_back("skald audit: " + std::string(kind) + ": " + std::to_string(n));
  return all;
}
}  // namespace skald::bench
