// Records that a command sends to Kafka. Each is acknowledged before deliver() returns.
#pragma once
#include <memory>
#include <string>

#include "orchestrator/cli/context.hpp"
#include "orchestrator/requests.hpp"
#include "outbox/log.hpp"

namespace skald::cli {
class post {
 public:
  explicit post(const context&);
  ~post();

  void send(const requests::record&);
  void deliver();  // waits; a failure says what was not taken

  requests::sender from() const;

 private:
  const context& x_;
  std::string problem_;
  std::unique_ptr<log_writer> writer_;
};
}  // namespace skald::cli
