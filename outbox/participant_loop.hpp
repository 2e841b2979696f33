// The loop of a participant: read commands, do them in one transaction, send the replies, and when
// those are acked commit the commands' offsets. A crash anywhere repeats commands, and the fence
// repeats their replies.
#pragma once
#include <atomic>
#include <map>
#include <memory>

#include "outbox/log.hpp"
#include "outbox/participant_batch.hpp"
#include "outbox/participant_faults.hpp"
#include "outbox/participant_replies.hpp"
#include "outbox/postgres/books.hpp"

namespace skald {
struct participant_tally {
  std::atomic<std::uint64_t> commands{0}, effects{0}, declined{0}, undone{0}, refused{0},
      retried{0}, duplicates{0}, set_aside{0}, reconnects{0};
};

// One connection's life: from joining the group until stop, or until the log breaks (log_error).
// One thread but for `stop`.
class participant_loop {
 public:
  participant_loop(const participant_settings&, const participant_handlers&, pg::books&, faults&,
                   participant_tally&, const std::atomic<bool>& stop);
  void run();

 private:
  void assign_gained();
  void lost(std::span<const partition>);
  void work(std::span<const wire::record>);
  void run_batch(std::span<task>);
  void run_one(task&);
  void count(std::span<const task>);
  void commit_offsets(bool at_once = false);
  void tidy();

  const participant_settings& settings_;
  const participant_handlers& handlers_;
  pg::books& books_;
  faults& faults_;
  participant_tally& tally_;
  const std::atomic<bool>& stop_;
  // In this order: what is destroyed first still calls what is above it.
  std::unique_ptr<reply_sender> replies_;
  std::unique_ptr<log_writer> writer_;
  std::unique_ptr<log_admin> admin_;
  std::vector<partition> gained_;               // not yet assigned
  std::map<partition, std::int64_t> answered_;  // where to go on behind; not committed yet
  std::chrono::steady_clock::time_point next_tidy_{}, next_commit_{};
  std::unique_ptr<log_reader> reader_;
};
}  // namespace skald
