// What `skald doctor` looks at. Each finding says what was seen, and what to do about it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/cli/context.hpp"
#include "orchestrator/service.hpp"
#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::cli {
enum class health : std::uint8_t { good, doubtful, bad };

struct finding {
  std::string check;
  cli::health health = health::good;
  std::string seen, remedy;  // a good one needs no remedy
};
using findings = std::vector<finding>;

void look_at_libraries(findings&);
// Settings against rule 5 of the semantics.
void look_at_settings(const settings&, findings&);
// Server, clock, tables, rights, what waits for people.
void look_at_postgres(pg::connection&, findings&);
// Installation, topics, partitions. The tables must be there.
void look_at_kafka(pg::connection&, log_admin&, const settings&, findings&);
}  // namespace skald::cli
