// How every command reaches Kafka: setting `kafka`, and `kafka_properties` for TLS and SASL.
#pragma once
#include "orchestrator/cli/context.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::cli {
// Throws failure(usage) with one sentence when no address is given, config::error when the file of
// properties cannot be read or holds something else than how to connect.
kafka::connection kafka_of(const context&);
}  // namespace skald::cli
