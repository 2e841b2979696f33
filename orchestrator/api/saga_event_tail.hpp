// Reads `<prefix>.saga-events` and gives it to the streams. At the start it goes back a little, so
// that clients of another node, or of the one before this, can go on where they were.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/http/streams.hpp"
#include "orchestrator/loop.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::api {
inline constexpr std::int64_t refill_records = 2'000;  // of each partition

class saga_event_tail {
 public:
  saga_event_tail(kafka::connection, std::string topic, http::stream_hub&,
                  std::function<void(const std::string&)> report);
  ~saga_event_tail();

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }

 private:
  struct reading;
  void turn();
  void begin();
  void read();

  const kafka::connection to_;
  const std::string topic_;
  http::stream_hub& hub_;
  std::unique_ptr<reading> reading_;
  http::cursor at_;  // where the last reading ended, however it ended
  std::chrono::steady_clock::time_point next_beat_;
  loop loop_;
};

// From a record's headers and value. Nothing: it is not an event of a saga.
std::optional<http::live_event> to_live_event(const wire::record&);
}  // namespace skald::api
