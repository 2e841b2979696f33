// What people ask about sagas: read from the orchestrator's database, never decided here. The
// command line and the HTTP API show the same; to_json gives the fields both use.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/replay/describe.hpp"
#include "outbox/postgres/connection.hpp"
#include "sagas/json.hpp"

namespace skald::read_model {
// Times are RFC 3339 in UTC; empty: none.
struct saga {
  std::int64_t no = 0;
  std::string id, definition;
  std::int64_t version = 0;
  std::string key;
  std::string phase;                // parked, running, aborting, completed, aborted
  std::vector<std::string> facets;  // of stuck, retrying, waiting, paused
  std::int64_t seq = 0;             // rows of its journal: what If-Match compares
  std::string started_at, changed_at, due_at;
};

// `phase` and `facet`: one of the words above. Facets are those of sagas that are open for more
// than about ten seconds; stuck and paused ones at once.
struct saga_filter {
  std::optional<std::string> definition, phase, facet;
  std::optional<std::int64_t> below_no;  // the page after the one that ended there
  int limit = 50;
};

// Newest first. `next_below` is set when there may be more, even when this page is empty: one page
// looks at max_examined sagas at most.
struct page {
  std::vector<saga> sagas;
  std::optional<std::int64_t> next_below;
};
inline constexpr int max_page = 500, max_examined = 100'000;

struct detail {
  saga head;
  ordered_json state;  // as replay shows it; null: written by a newer skald
  std::vector<waiting> waits_for;
  std::vector<std::string> operator_items;
  std::map<std::string, std::int64_t> heard;  // journal rows by outcome: applied, duplicate, ...
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

// A participant of some stored definition, and what open sagas want of it now.
struct participant {
  std::string name, topic;
  std::vector<std::string> definitions;  // "vending/1"
  std::int64_t waiting = 0, retrying = 0;
};
inline constexpr int max_waiting_counted = 5'000;  // oldest open sagas that are looked at

// Keeps the definitions it has met (at most max_definitions_kept). One thread.
class reader {
 public:
  explicit reader(pg::connection& on) : on_(on) {}

  page sagas(const saga_filter&);
  // By id, or by business key: one saga per definition at most has it.
  std::vector<saga> named(std::string_view id_or_key);
  std::optional<detail> show(std::string_view id);  // of a saga
  std::vector<participant> participants();

 private:
  struct found;
  const stored_definition& definition(std::int64_t no);
  found to_found(const pg::result&, std::size_t row);

  pg::connection& on_;
  std::map<std::int64_t, stored_definition> definitions_;
};
inline constexpr std::size_t max_definitions_kept = 1'000;

std::vector<journal_line> history(pg::connection&, std::int64_t saga_no, std::int64_t after_seq,
                                  int limit);
read_model::counts count(pg::connection&, const std::string& key_prefix);
std::vector<shard_offset> shard_offsets(pg::connection&);

// One object each; texts that are not there are null. A viewer of the API sees no payload.
ordered_json to_json(const saga&);
ordered_json to_json(const detail&);
ordered_json to_json(const journal_line&, bool with_payload = true);
ordered_json to_json(const participant&);
}  // namespace skald::read_model
