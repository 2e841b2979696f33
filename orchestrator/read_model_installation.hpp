// What people ask about the installation beside its sagas: the quarantine and the nodes.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "outbox/postgres/connection.hpp"

namespace skald::read_model {
using nlohmann::ordered_json;

// A record that cannot be applied. Times are RFC 3339 in UTC; empty: none.
struct quarantined {
  std::int64_t no = 0;
  std::string at, topic, reason, redriven_at;
  std::int32_t partition = -1;  // -1: an outgoing record that Kafka will never take
  std::int64_t offset = -1;
  std::optional<std::string> key, payload;                   // bytes
  std::vector<std::pair<std::string, std::string>> headers;  // bytes
};

struct quarantine_filter {
  std::optional<std::string> topic;
  bool redriven_too = false;
  std::optional<std::int64_t> below_no;
  int limit = 50;
};

// Newest first; the page after is below the last one's number.
std::vector<quarantined> quarantine(pg::connection&, const quarantine_filter&);
std::optional<quarantined> quarantined_record(pg::connection&, std::int64_t no);

// A process that serves, or served a moment ago.
struct node {
  std::string id, host, version, started_at, seen_at;
  bool alive = true;  // heard of within alive_within_seconds
};
inline constexpr int alive_within_seconds = 10;
std::vector<node> nodes(pg::connection&);

// What is not UTF-8 is shown as U+FFFD. A viewer of the API sees no payload.
ordered_json to_json(const quarantined&, bool with_payload = true);
ordered_json to_json(const node&);
}  // namespace skald::read_model
