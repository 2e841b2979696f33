// What must be true before the first record is read: the database belongs to this installation and
// to this Kafka, topics and shards exist, secrets are there, the settings keep the promises.
#pragma once
#include <vector>

#include "orchestrator/service.hpp"
#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"
#include "outbox/token.hpp"

namespace skald {
// Throws cannot_serve, pg::error, log_error. Several services may prepare at once.
void prepare(pg::connection&, log_admin&, const settings&);

std::vector<secret_key> live_secrets(pg::connection&);
}  // namespace skald
