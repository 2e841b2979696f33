// Table fence of a participant's database: read and written for a whole batch at once, in the
// transaction of the effects. Also its neighbours' housekeeping.
#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <string>

#include "outbox/fence.hpp"
#include "outbox/ids.hpp"
#include "outbox/wire.hpp"

namespace pqxx {
class transaction_base;
}
namespace skald::pg {
class connection;
}

namespace skald::fence {
struct key {
  uuid saga;
  std::string step;
  auto operator<=>(const key&) const = default;
};
using memories = std::map<key, memory>;

// Makes the statements of `load` and `save` known to a session: once, before either. Throws
// pg::error.
void prepare(pg::connection&);

// Fills the memory of every key in `m`: one query. The rows are locked until the transaction ends,
// so that a second process that was not told yet that it lost the partition waits here.
void load(pqxx::transaction_base&, memories& m);

// Writes what changed: one query, none when nothing did. Throws when another process has written
// one of the new rows meanwhile: the transaction must be given up and the batch run again.
void save(pqxx::transaction_base&, const memories& m);

// Keeps a message that could not be understood. The same record twice is one row.
void set_aside(pqxx::transaction_base&, const wire::record&, string_view reason);

// Deletes what is older than `keep`, at most `limit` rows of each table. Returns how many.
std::size_t forget(pqxx::transaction_base&, std::chrono::hours keep, std::size_t limit);
}  // namespace skald::fence
