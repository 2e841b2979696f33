// What people ask about sagas: read from the orchestrator's database, never decided here.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outbox/postgres/connection.hpp"

namespace skald::read_model {
struct saga {
  std::int64_t no = 0;
  std::string id, definition;
  std::int64_t version = 0;
  std::string key;
  std::string phase;  // parked, running, aborting, completed, aborted
  std::string facet;  // stuck, paused, surplus open, ...; empty: none
  std::int64_t seq = 0;
  std::string started_at, changed_at, due_at;  // empty: nothing is due
};

struct saga_filter {
  std::optional<std::string> definition, phase, facet;
  std::optional<std::int64_t> below_no;  // the page after the one that ended there
  int limit = 50;
};

struct journal_line {
  std::int64_t seq = 0;
  std::string at, event, step, type, message_id, outcome, payload;
};

// Of all sagas whose key begins so, by reading every one: for development.
struct counts {
  std::int64_t started = 0, completed = 0, aborted = 0, in_flight = 0, parked = 0, stuck = 0;
  std::int64_t quarantined = 0;                        // of the whole database
  std::int64_t duplicates_noted = 0, early_noted = 0;  // by the journal
};

struct shard_offset {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t next_offset = 0;
};

std::vector<saga> sagas(pg::connection&, const saga_filter&);

// By id, or by business key: one saga per definition at most has it.
std::vector<saga> sagas_named(pg::connection&, const std::string& id_or_key);

std::vector<journal_line> history(pg::connection&, std::int64_t saga_no, std::int64_t after_seq,
                                  int limit);
read_model::counts count(pg::connection&, const std::string& key_prefix);
std::vector<shard_offset> shard_offsets(pg::connection&);
}  // namespace skald::read_model
