// The simulated database: the tables of migrations/orchestrator in memory, and the rules by which
// PostgreSQL takes or refuses a batch. All or nothing; no faults: those are sim_store's.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/live.hpp"
#include "orchestrator/store.hpp"

namespace skald::sim {
struct journal_row {
  std::int32_t seq = 0;
  std::uint8_t kind = 0, step = 0, outcome = 0;
  std::int32_t number = 0;
  std::uint64_t occurrence = 0, commands_hash = 0;
  std::int64_t at_ms = 0;
  std::string message_id, type, payload;
};
struct stored_saga {
  std::int64_t no = 0;
  uuid id;
  std::int32_t definition = 0;
  std::string key;
  std::uint8_t phase = 0;
  std::int32_t seq = 0;
  std::int64_t due_ms = 0;
  std::string state;
  std::vector<journal_row> journal;
};

// A commit checks this much of what PostgreSQL checks. Less only in the simulator's own test: each
// of them must be found out.
struct checks {
  bool epoch = true, offsets = true;
};

class tables {
 public:
  void add_topic(const std::string& name, std::int32_t partitions, std::int64_t from_offset);
  void add_shard(std::int16_t id);
  void add_definition(const std::string& name, std::int32_t version, std::string spec);

  // Empty: the batch is written. Else nothing is, and why.
  std::string_view apply(const batch&, checks = {});

  std::vector<shard_row> shards;
  std::vector<topic_row> topics;
  std::vector<definition_row> definitions;
  std::vector<std::string> specs;  // by definition number - 1
  std::deque<stored_saga> sagas;   // a row is never deleted
  std::vector<std::map<std::int64_t, packed_row>> outbox;        // by shard, by seq
  std::vector<std::map<std::int64_t, std::uint8_t>> open;        // by shard: no, facet
  std::vector<std::vector<stored_saga*>> by_shard;               // in the order of no
  std::vector<quarantine_write> quarantine;

  shard_row* shard(std::int16_t id);
  stored_saga* find(const uuid&);
  stored_saga* find_no(std::int64_t no);
  // When a saga of the database is due next; nothing: no saga is.
  std::optional<std::int64_t> next_due_ms();

 private:
  std::string_view refused(const batch&, checks);
  void write(const batch&);

  struct entry {
    std::int64_t due_ms, no;
    bool operator>(const entry& other) const { return due_ms > other.due_ms; }
  };
  std::unordered_map<uuid, stored_saga*, uuid_hash> by_id_;
  std::unordered_map<std::int64_t, stored_saga*> by_no_;
  std::priority_queue<entry, std::vector<entry>, std::greater<>> due_;
};
}  // namespace skald::sim
