// Forwarding: events of foreign topics that are not partitioned as the shards are, passed on into
// the inbox under their business key. At least once: the Kafka offset is committed after the ack;
// a repeat is a duplicate to its saga.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "orchestrator/loop.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/service.hpp"

namespace skald {
class forwarder {
 public:
  forwarder(const settings&, metrics&, std::function<void(const std::string&)> report);
  ~forwarder();

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }

 private:
  struct session;
  void turn();

  const settings& settings_;
  metrics& metrics_;
  std::unique_ptr<session> session_;
  loop loop_;
};
}  // namespace skald
