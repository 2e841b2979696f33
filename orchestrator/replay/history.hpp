// Histories as they are read for replay, and what is asked of them: "what if it had been
// otherwise".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/replay/fold.hpp"
#include "outbox/postgres/connection.hpp"
#include "outbox/postgres/pipeline.hpp"

namespace skald {
struct history {
  std::int64_t no = 0;
  uuid id;
  std::string key;
  std::int32_t definition = 0;  // table definition
  std::string state;            // as stored
  std::int32_t seq = 0;
  struct row {
    recorded what;  // its views point at the texts beside it
    std::string message_id, type, payload;
  };
  std::vector<row> rows;
};

// A row as sql::replay::many_rows gives it. Its views live as long as the result's.
recorded recorded_of(const pg::binary_result&, std::size_t row);

// Nothing: there is no such saga.
std::optional<history> read_history(pg::connection&, std::int64_t saga_no);

// What-ifs. Rows keep their recorded seq; one that names no row is a std::invalid_argument.
void drop(history&, std::int32_t seq);
void duplicate(history&, std::int32_t seq);
void swap(history&, std::int32_t a, std::int32_t b);
void fail(history&, const definition&, std::string_view step);  // its ok becomes a decline

// The steps of `from` by name in `to`: a history told to another definition. An event of a step
// that `to` does not have is left out; its seq is returned.
std::vector<std::int32_t> retell(history&, const definition& from, const definition& to);
}  // namespace skald
