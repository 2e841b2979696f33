// A worker: one thread, one database session, one group member, several shards. Each turn is one
// batch: consume, load, decide, commit, dispatch.
//
// When the world fails (database or log away) the worker gives up all it has, waits, and begins
// anew; what is decided is in the database, so nothing else needs to be remembered.
#pragma once
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "orchestrator/clock.hpp"
#include "orchestrator/dispatch.hpp"
#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/store.hpp"
#include "orchestrator/trace/recorder.hpp"
#include "outbox/log.hpp"
#include "outbox/token.hpp"

namespace skald {
struct worker_limits {
  std::size_t batch_records = 2'000;
  std::size_t batch_bytes = 8 * 1024 * 1024;
  std::size_t batch_timers = 1'000;
  std::size_t cached_sagas = 50'000;
  std::size_t cached_bytes = 64 * 1024 * 1024;   // of them; about what 50,000 usual ones take
  std::size_t open_sagas_per_shard = 100'000;    // then starts wait in the log
  std::size_t unacked_bytes = 32 * 1024 * 1024;  // then starts and foreign events wait in the log
  std::size_t most_unacked_bytes = 64 * 1024 * 1024;  // then replies do too
};

struct worker_setup {
  std::string prefix;
  std::string node;  // of this service; its workers take seats there
  std::int32_t shards = 8;
  worker_limits limits;
  std::function<std::unique_ptr<store>()> open_store;
  // `member`: whose partitions are given back to it when it was away for a moment.
  std::function<std::unique_ptr<log_reader>(const std::string& member)> open_reader;
  outgoing::open_writer open_writer;
  std::vector<secret_key> secrets;
  std::function<batch_clock::steady::time_point()> steady_now = &batch_clock::steady::now;
  reporter report = [](const log_entry&) {};
  trace::settings traces{};
};

class worker {
 public:
  worker(worker_setup, metrics&);
  ~worker();  // stops
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  void start();
  // Finishes the batch under way, hands over what is queued (at most 5 s), leaves the group.
  void stop();  // waits; a second one is nothing

  // Gives up its shards, leaves the group and joins it anew, soon. From any thread.
  void rejoin() { rejoining_ = true; }

  // One turn of the loop on the caller's thread, instead of start(): begins a session when there is
  // none. False: nothing more is to be done at once. What it throws has ended the session; the next
  // turn begins anew. Destroying the worker drops all that it has in memory.
  bool turn();

  const worker_gauges& gauges() const { return gauges_; }
  // False while the database or the log is away, or a shard is halted.
  bool healthy() const {
    return healthy_.load(std::memory_order_relaxed) && gauges_.shards_halted.value() == 0;
  }

 private:
  struct session;
  void run();
  void finish();
  void pause_before_retry(int failures);

  const worker_setup setup_;
  metrics& metrics_;
  worker_gauges gauges_;
  std::atomic<bool> stopping_{false}, rejoining_{false}, healthy_{false};
  std::unique_ptr<session> session_;  // of the thread that takes the turns
  std::thread thread_;
};
}  // namespace skald
