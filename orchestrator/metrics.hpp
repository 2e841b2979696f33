// What the service counts. Relaxed atomics, written by the workers, read by anybody at any time.
// Each becomes skald_<name> when exposed; what ends in _total only ever grows.
#pragma once
#include <atomic>
#include <cstdint>

namespace skald {
class counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  void set(std::uint64_t to) { value_.store(to, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct metrics {
  counter sagas_started_total, sagas_completed_total, sagas_aborted_total;
  counter sagas_stuck_total;
  counter step_attempts_total, step_timeouts_total, compensations_total;
  counter messages_consumed_total, messages_duplicate_total, messages_late_total,
      messages_conflict_total, messages_unmatched_total, messages_misrouted_total,
      messages_quarantined_total;
  counter batches_total, batch_records_total, batch_commit_microseconds_total;
  counter sagas_loaded_total;
  counter outbox_frames_total, outbox_swept_total;
  counter fenced_batches_total, unknown_commits_total, take_overs_total;
  counter timers_fired_total, commands_impossible_total;
};

// What one worker holds at the moment; the exposition adds the workers up.
struct worker_gauges {
  counter sagas_active, sagas_cached, outbox_pending, partitions_owned, starts_paused;
  counter shards_halted;  // ours, and not served: the log says why
};
}  // namespace skald
