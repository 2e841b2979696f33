// The service: workers, and what they share. `skald serve` is this and a face.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/worker.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald {
class sampler;
namespace trace {
class exporter;
}
inline constexpr std::int64_t day_ms = 86'400'000;

struct settings {
  std::string postgres_url;
  kafka::connection kafka;
  std::string prefix = "skald";  // of the topics: one installation
  std::string node;              // the name under which a restart finds its shards; empty: the host
  milliseconds session{6'000};   // what a dead process held is others' after this
  int shards = 8;                // fixed for life: partitions of <prefix>.starts and .inbox
  int workers = 2;
  worker_limits limits;
  std::int64_t topic_retention_ms = 7 * day_ms;
  std::int64_t fence_retention_ms = 30 * day_ms;  // of every participant's fence rows
  std::int64_t horizon_ms = 40 * day_ms;          // how long a finished saga is remembered
  std::int64_t journal_period_ms = day_ms;        // of one partition
  std::string version = "dev";
  reporter log = [](const log_entry&) {};
  std::string trace_url;     // of a collector that takes OTLP over HTTP as JSON; empty: none
  std::string trace_header;  // sent with it: "Authorization: Bearer ..."
  bool trace_every = false;  // also sagas whose start brings no trace context
};

// A setting or a state of the world with which the service must not run. what() says what to do.
struct cannot_serve : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// What may be asked without a service: empty, or which promise the settings break (rule 5).
std::string broken_promise(const settings&, std::int64_t longest_parking_ms);

class service {
 public:
  explicit service(settings);
  ~service();  // stops

  // Prepares the database (its schema must be there) and the topics, then runs. Throws
  // cannot_serve, store_error, log_error.
  void start();
  void stop();  // waits until every batch is over; again: nothing

  bool healthy() const;  // every worker reaches its database and its log
  metrics& counts() { return metrics_; }
  // What /metrics answers, of metrics::content_type. Reads memory only; any thread, between start
  // and stop.
  std::string exposition();
  std::vector<const worker_gauges*> gauges() const;

 private:
  struct keeper;  // heartbeat and retention
  struct forwarding;
  struct watching;  // of the group
  void rejoin(const std::vector<std::int32_t>& without_owner);
  settings settings_;
  metrics metrics_{settings_.version};
  void add_up_gauges();
  std::vector<std::unique_ptr<worker>> workers_;
  std::unique_ptr<keeper> keeper_;
  std::unique_ptr<forwarding> forwarding_;
  std::unique_ptr<watching> watching_;
  std::unique_ptr<sampler> sampler_;
  std::unique_ptr<trace::exporter> exporter_;
};
}  // namespace skald
