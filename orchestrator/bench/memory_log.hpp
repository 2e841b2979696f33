// A log in memory behind the seam outbox/log.hpp, for floors and tests: what is sent can be read
// at once, by any thread. Keeps the last records of each partition only; a reader that falls
// behind them is told so. Says nothing about Kafka.
#pragma once
#include <memory>
#include <string>

#include "outbox/log.hpp"

namespace skald::bench {
inline constexpr std::size_t retained_records = 50'000;  // of one partition

class memory_log {
 public:
  memory_log();
  ~memory_log();

  void make_topic(const std::string& topic, std::int32_t partitions);  // twice is legal
  // Each is used by one thread, and must not outlive the log. A group has one member.
  std::unique_ptr<log_writer> open_writer(log_writer::on_delivery);
  std::unique_ptr<log_reader> open_reader();
  std::unique_ptr<log_admin> open_admin();

  struct state;

 private:
  std::unique_ptr<state> state_;
};
}  // namespace skald::bench
