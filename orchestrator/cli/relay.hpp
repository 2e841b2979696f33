// The relay as this program runs it: what it tells goes to the log.
#pragma once
#include <memory>
#include <string>

#include "outbox/kafka/connection.hpp"
#include "outbox/relay.hpp"

namespace skald::cli {
// Started, and both services have answered. Throws pg::error or log_error when one does not; later
// the relay waits for them.
std::unique_ptr<relay> start_relay(const std::string& postgres, kafka::connection);
void stop_relay(relay&);  // waits
}  // namespace skald::cli
