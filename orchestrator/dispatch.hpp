// Dispatch: committed frames on their way into the log, and which packed rows may be deleted.
//
// A lot is one row of outbox_batch. Lots are sent in the order they are added; a full producer
// leaves the rest here, and the worker takes nothing new until it is gone. One thread.
//
// A frame takes three times its bytes once the producer has it, so no more of them are handed over
// than keep it busy.
//
// A producer that broke is replaced by a careful one, which is told all that is not acked again:
// what a broker refuses then is that record's fault, and it is set aside. When all of that is
// acked, a usual producer follows.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics/instruments.hpp"
#include "orchestrator/store.hpp"
#include "outbox/frame.hpp"
#include "outbox/log.hpp"

namespace skald {
inline constexpr std::size_t most_handed_frames = 5'000;  // not acked: those of about two batches

class outgoing {
 public:
  // `careful`: a broker's refusal of one record must not break the writer.
  using open_writer =
      std::function<std::unique_ptr<log_writer>(bool careful, log_writer::on_delivery)>;

  // `publish`, if any, is told in milliseconds how long each row took from `add` to its last ack.
  explicit outgoing(
      open_writer, reporter = [](const log_entry&) {}, histogram* publish = nullptr);

  using row = std::pair<std::int16_t, std::int64_t>;  // shard, seq

  // A committed row; `body` is kept until every frame of it is acked.
  void add(std::int16_t shard, std::int64_t seq, std::int32_t n, std::string body);
  // Hands frames to the writer, up to most_handed_frames. False: it is full before that, or broke.
  bool push();
  // Hears what became of frames, and waits at most so long for those on their way; true: none is
  // left. A frame that can never be produced counts as acked and is left in `impossible` for the
  // quarantine. Throws log_error when a careful writer broke, too.
  bool hear(milliseconds at_most = {});
  void forget(std::int16_t shard);  // another owner sends what is left

  // A buffer whose frames are all acked, empty, to be packed anew: large ones are worth keeping.
  std::string take_spare();

  bool blocked() const { return !unsent_.empty(); }  // something is left to hand over
  std::size_t bytes() const { return bytes_; }       // of all lots that are not acked
  std::size_t lots() const { return lots_.size(); }
  milliseconds oldest();  // how long ago the oldest of them was added; 0: there is none

  std::vector<row> acked;  // rows whose frames are all acked: to be deleted by a later commit
  std::vector<quarantine_write> impossible;

 private:
  struct lot {
    std::int16_t shard;
    std::int64_t seq;
    std::int32_t n, unacked = n;
    std::string body;
    std::size_t sent_bytes = 0;
    std::uint32_t sent = 0;
    std::vector<std::uint32_t> refused{};
    std::chrono::steady_clock::time_point added = std::chrono::steady_clock::now();
    milliseconds age() const {
      return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - added);
    }
  };
  bool send_next(std::uint64_t id, lot&);
  void delivered(const log_writer::delivery&);
  void refuse(lot&, std::uint32_t index, std::string_view reason);
  void finish(std::uint64_t id, lot&);
  void send_again();
  void open(bool careful);

  std::unordered_map<std::uint64_t, lot> lots_;
  std::deque<std::uint64_t> unsent_;
  std::deque<std::uint64_t> in_order_;  // perhaps of lots that are gone
  const open_writer open_;
  const reporter report_;
  histogram* const publish_;
  std::uint64_t next_id_ = 1;
  std::uint64_t doubt_until_ = 0;  // lots below this were not acked when a writer broke
  bool careful_ = false;
  std::string broken_;  // why the writer is of no more use
  std::size_t bytes_ = 0, handed_ = 0;
  static constexpr std::size_t max_spares = 4;
  std::vector<std::string> spares_;
  wire::frame frame_;
  std::unique_ptr<log_writer> writer_;  // first to go: it calls `delivered`
};
}  // namespace skald
