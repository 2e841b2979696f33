// The seam to the database: what the service asks of it. orchestrator/postgres_store is the real
// one; tests/contract/store is the suite that every implementation passes. One thread.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbox/ids.hpp"

namespace skald {
// The database cannot be reached, or refuses for good. The text says what to do. The shards of the
// connection are to be taken over again.
struct store_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct shard_row {
  std::int16_t id = 0;
  std::int64_t epoch = 0;
  std::vector<std::int64_t> next_offset;  // by topic number - 1; -1: not read
  std::int64_t next_no = 0, swept_no = 0;
};

struct topic_row {
  std::int16_t no = 0;
  std::string name;
  std::int32_t partitions = 0;
};

struct definition_row {
  std::int32_t no = 0;
  std::string name;
  std::int32_t version = 0;
  std::string state;  // registered, active, superseded, retired
};

// --- what one commit writes. Views live until commit() returns. ---
struct shard_move {
  const shard_row* read = nullptr;  // as it was read: the fence
  std::vector<std::int64_t> next_offset;
  std::int64_t next_no = 0, swept_no = 0;
};
struct saga_write {
  std::int64_t no = 0;
  uuid id;
  std::int32_t definition = 0;
  std::string_view key;
  std::uint8_t phase = 0;
  std::int32_t seq = 0;
  std::int64_t due_ms = 0;
  std::string state;
  std::string trace;  // of a fresh saga: trace/context.hpp packs it; an older one's stays
};
struct journal_write {
  std::int64_t saga_no = 0;
  std::int32_t seq = 0;
  std::uint8_t kind = 0, step = 0;
  std::int32_t number = 0;
  std::uint64_t occurrence = 0;
  std::string_view message_id, type, payload;
  std::uint8_t outcome = 0;
  std::uint64_t commands_hash = 0;
};
struct packed_write {
  std::int16_t shard = 0;
  std::int64_t seq = 0;
  std::int32_t n = 0;
  std::string_view body;
};
struct open_write {
  std::int64_t no = 0;
  std::int16_t shard = 0;
  std::uint8_t facet = 0;
};
struct quarantine_write {
  std::int16_t shard = 0;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;  // -1: an outgoing record
  std::optional<std::string> key, payload;
  std::string headers;  // a packed frame without its value
  std::string reason;
};
struct batch {
  std::int64_t at_ms = 0;
  std::vector<shard_move> shards;          // every shard that anything below belongs to
  std::vector<saga_write> fresh, changed;  // one of them per saga
  std::vector<journal_write> journal;
  std::vector<packed_write> packed;
  std::vector<std::pair<std::int16_t, std::int64_t>> acked;  // shard, seq: rows to delete
  std::vector<open_write> opened;
  std::vector<std::int64_t> closed;
  std::vector<std::pair<std::int64_t, std::string>> retraced;  // saga number, trace; rare
  std::vector<quarantine_write> quarantined;

  std::size_t rows() const {  // that it writes
    return shards.size() + fresh.size() + changed.size() + journal.size() + packed.size() +
           acked.size() + opened.size() + closed.size() + retraced.size() + quarantined.size();
  }
  void clear() {  // keeps the memory
    shards.clear(), fresh.clear(), changed.clear(), journal.clear(), packed.clear();
    acked.clear(), opened.clear(), closed.clear(), retraced.clear(), quarantined.clear();
  }
};

// fenced: nothing was written, a shard has moved on. unknown: written or not; the shards must be
// taken over again before anything else is done with them.
enum class fate : std::uint8_t { committed, fenced, unknown };
struct commit_result {
  skald::fate fate = skald::fate::committed;
  std::int64_t now_ms = 0;  // committed: the database's clock
  std::string why;          // otherwise: the database's words
};

// --- what is read ---
struct saga_row {
  std::int64_t no = 0;
  uuid id;
  std::int32_t definition = 0;
  std::string key;
  std::int32_t seq = 0;
  std::string state, trace;
  struct word {  // what the world said: start, ok, declined, oldest first
    std::uint8_t kind = 0, step = 0, outcome = 0;
    std::uint64_t occurrence = 0;
    std::string message_id, type, payload;
    std::int64_t at_ms = 0;
  };
  std::vector<word> words;
};
struct open_saga {
  std::int64_t no = 0;
  uuid id;
  std::int64_t due_ms = 0;
  std::uint8_t phase = 0;
  std::optional<std::uint8_t> facet;  // of its row in table open
};
struct packed_row {
  std::int64_t seq = 0;
  std::int32_t n = 0;
  std::string body;
};
struct shard_taken {
  shard_row row;
  std::int64_t now_ms = 0;
};

class store {
 public:
  virtual ~store() = default;

  virtual commit_result commit(const batch&) = 0;
  virtual void load(std::span<const uuid> ids, std::vector<saga_row>& out) = 0;

  // Bumps the epoch; from then on no earlier owner can commit. With `if_epoch` only when it still
  // is that one, else nothing: somebody else took over.
  virtual std::optional<shard_taken> take_over(std::int16_t shard,
                                               std::optional<std::int64_t> if_epoch) = 0;
  virtual std::optional<packed_row> next_packed(std::int16_t shard, std::int64_t after_seq) = 0;
  virtual void restore(std::int16_t shard, std::int64_t swept_no, std::vector<open_saga>& out) = 0;

  virtual std::vector<topic_row> topics() = 0;
  virtual std::vector<definition_row> definitions() = 0;
  virtual std::string definition_spec(std::int32_t no) = 0;  // its JSON
  // The lowest number that no other living session of `node` holds: ours while this object lives,
  // and free again as soon as its process is dead. Once. A session that was lost takes it again;
  // when another was faster, the call that needs the session throws store_error.
  virtual int take_seat(std::string_view node) = 0;
  virtual std::int64_t journal_end_no() = 0;  // no saga may get a number from here on
};
}  // namespace skald
