// Measures what lies in the database and in the log, at leisure: never on the path of a batch or
// of a scrape. What it finds is the same at every instance.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/loop.hpp"
#include "orchestrator/metrics.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald {
inline constexpr std::chrono::seconds sample_every{10};

class sampler {
 public:
  // `report` is told when a measurement fails; its values then stay as they were, and
  // skald_sampled_timestamp_seconds tells since when.
  sampler(std::string postgres_url, kafka::connection, metrics&,
          std::function<void(const std::string&)> report);
  ~sampler();  // stops

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }  // waits for the measurement under way: seconds at most

 private:
  void turn();
  void measure_sagas();
  void measure_lag();

  const std::string url_;
  const kafka::connection to_;
  metrics& metrics_;
  std::optional<pg::connection> database_;
  std::unique_ptr<log_admin> log_;
  loop loop_;
};
}  // namespace skald
