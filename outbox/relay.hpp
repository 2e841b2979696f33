// Takes the rows of an application's outbox to Kafka: at least once, nothing lost, the order of
// each key kept (docs/outbox.md). Any number of relays may run; one leads, the others stand by.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "outbox/log.hpp"

namespace skald {
struct relay_settings {
  std::string postgres;                         // the application's database
  std::int64_t batch_rows = 5'000;              // read in one round, at most
  std::int64_t batch_bytes = 16 * 1024 * 1024;  // of them, at most; but always one row
  std::size_t rows_in_flight = 15'000;          // sent and not yet deleted, at most
  milliseconds poll_at_most{10'000};            // asleep; finds what did not notify
  milliseconds settle_every{100};               // look for ids that will never come
  milliseconds lead_retry{1'000};               // a standby asks for the leadership
  milliseconds longest_pause{30'000};           // between two attempts when a service is away
};

// What a relay tells; called from its thread. Each may be empty.
struct relay_events {
  std::function<void(bool)> leading;
  std::function<void()> asleep;  // all that is committed is in Kafka and deleted
  std::function<void(std::int64_t id, std::string_view topic, std::string_view reason)> rejected;
  std::function<void(std::string_view sentence)> trouble;  // it goes on by itself
};

class relay {
 public:
  // Makes a writer. `careful`: the one before it broke; batches are of one record, so that the
  // record that is to blame is the one that is refused (writer_settings.max_batch_records).
  using open_log =
      std::function<std::unique_ptr<log_writer>(bool careful, log_writer::on_delivery)>;
  struct counts {
    std::uint64_t sent = 0, rejected = 0, restarts = 0;
    bool leading = false;
  };

  relay(relay_settings, open_log, relay_events = {});
  ~relay();
  relay(const relay&) = delete;
  relay& operator=(const relay&) = delete;

  void start();  // once
  void stop();   // waits for the thread; again and before start() are no mistakes
  counts count() const;

 private:
  class run;
  struct shared;
  relay_settings settings_;
  open_log open_;
  relay_events events_;
  std::unique_ptr<shared> shared_;
  std::thread thread_;
};
}  // namespace skald
