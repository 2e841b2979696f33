// The seam to the log: what is asked of Kafka. outbox/kafka/ is the real one; tests/contract/log
// is the suite that every implementation passes.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/wire.hpp"

namespace skald {
using std::string_view;
using std::chrono::milliseconds;

struct partition {
  std::string topic;
  std::int32_t no = 0;
  auto operator<=>(const partition&) const = default;
};
struct position {
  skald::partition partition;
  std::int64_t offset = 0;  // of the next record to read
};

// Where the log cannot be reached or refuses for good. The text says what to do.
struct log_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The record to be read next of this partition is no longer there, or not yet. Nothing more comes
// of it until it is sought; the other partitions go on.
struct records_lost : log_error {
  records_lost(skald::partition where, const std::string& what)
      : log_error(what), partition(std::move(where)) {}
  skald::partition partition;
};

// Sends records. Bounded, idempotent, gapless, acks=all. One thread.
class log_writer {
 public:
  enum class sent : std::uint8_t { queued, full, impossible };  // impossible: too large, bad topic
  // Called by poll() and flush() once for each queued record; empty error = acked.
  // `permanent`: this record can never be produced, the others go on. Any other error: the writer
  // is broken, nothing behind this record is sent; another writer is needed.
  struct delivery {
    std::uint64_t tag;
    std::string_view error;
    bool permanent;
  };
  using on_delivery = std::function<void(const delivery&)>;

  virtual ~log_writer() = default;
  // Copies the bytes. Partition by murmur2 of the key, or `partition` when >= 0. A view without
  // data() is no key (any partition), or no value (a tombstone).
  virtual sent send(string_view topic, string_view key, std::span<const wire::header> headers,
                    string_view value, std::uint64_t tag, std::int32_t partition = -1) = 0;
  virtual std::size_t poll() = 0;                // never waits; deliveries served
  virtual bool flush(milliseconds at_most) = 0;  // true: nothing is queued any more
  virtual std::size_t queued() const = 0;
};

// Reads records of what it is assigned. One thread; `wake_fd` turns readable when there is more.
class log_reader {
 public:
  // Group membership of one topic. Called from poll(); assign/forget must be done inside.
  struct ownership {
    std::function<void(std::span<const skald::partition> gained)> gained;
    std::function<void(std::span<const skald::partition> lost)> lost;
  };

  virtual ~log_reader() = default;
  virtual void join(const std::string& topic, ownership) = 0;  // at most one topic a reader
  virtual void leave() = 0;
  virtual void assign(std::span<const position> more) = 0;  // added to what is assigned
  virtual void forget(std::span<const skald::partition>) = 0;
  virtual void seek(std::span<const position>) = 0;
  virtual void pause(std::span<const skald::partition>) = 0;
  virtual void resume(std::span<const skald::partition>) = 0;
  // Appends at most `max_records` (and about `max_bytes`) to `out`; never waits. The views live
  // until the next poll(). A record of a partition that was forgotten or sought is not returned.
  // Throws records_lost (when it has no record), log_error.
  virtual void poll(std::vector<wire::record>& out, std::size_t max_records,
                    std::size_t max_bytes) = 0;
  virtual int wake_fd() const = 0;
  virtual void wait(milliseconds at_most) = 0;  // until wake_fd or the time is over
  virtual void commit_for_lag_tools(std::span<const position>) = 0;  // asynchronous, best effort
  // Where this reader's group last committed; partitions that it never did are left out. For
  // readers that keep their offsets in Kafka (participants). Waits for the broker; log_error.
  virtual std::vector<position> committed(std::span<const skald::partition>) { return {}; }
};

// Questions and set-up.
struct watermarks {
  std::int64_t low = 0, high = 0;
};
class log_admin {
 public:
  virtual ~log_admin() = default;
  virtual std::string cluster_id() = 0;
  virtual std::int32_t partitions(const std::string& topic) = 0;  // 0: there is no such topic
  virtual void ensure_topic(const std::string& topic, std::int32_t partitions,
                            std::int64_t retention_ms) = 0;  // exists already: left alone
  virtual skald::watermarks watermarks(const skald::partition&) = 0;
};
}  // namespace skald
