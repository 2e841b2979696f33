// The replies of a participant: their headers (rules P1 and P2 of docs/contract.md), sending them,
// and knowing when all replies of a batch are in the log.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "outbox/log.hpp"
#include "outbox/participant_batch.hpp"
#include "outbox/participant_faults.hpp"

namespace skald {
// The headers of the reply to a task; the views live until the next call.
class reply_headers {
 public:
  explicit reply_headers(std::string_view participant_name);
  std::span<const wire::header> of(const task&, std::string_view time);

 private:
  std::string source_, id_, retry_after_;
  std::vector<wire::header> headers_;
};

// Sends the replies of one batch after another, and says which command offsets may be committed:
// those of the oldest batches whose replies are all acked. One thread.
class reply_sender {
 public:
  reply_sender(log_writer&, std::string_view participant_name, faults&);

  // `next`: where reading goes on behind this batch. Waits while the writer is full.
  void send(std::span<const task>, std::vector<position> next);
  // Serves deliveries, sends what was delayed. Returns the positions that may be committed now.
  // Throws log_error when the writer is broken.
  std::vector<position> settle();
  void forget(std::span<const partition>);  // somebody else answers for these now
  bool finish(milliseconds at_most);        // true: every reply is acked
  std::size_t unacked() const { return unacked_; }

  // For the writer's deliveries.
  void delivered(const log_writer::delivery&);
  std::uint64_t impossible() const { return impossible_; }  // replies that can never be sent

 private:
  struct batch {
    std::size_t unacked = 0;
    std::vector<position> next;
  };
  struct delayed {
    std::chrono::steady_clock::time_point due;
    std::uint64_t tag;
    std::string packed;
  };
  void send_one(std::string_view topic, std::string_view key, std::span<const wire::header>,
                std::string_view value, std::uint64_t tag);
  void send_delayed(bool all);
  void done_with(std::uint64_t tag);

  log_writer& writer_;
  reply_headers headers_;
  faults& faults_;
  std::deque<batch> batches_;
  std::uint64_t first_tag_ = 0;  // of batches_.front()
  std::size_t unacked_ = 0;
  std::uint64_t impossible_ = 0;
  std::deque<delayed> delayed_;
  std::string broken_;
};
}  // namespace skald
