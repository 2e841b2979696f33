// Retention: partitions of the journal are made ahead of time and dropped behind the horizon, while
// the service runs. A partition goes only when every saga of it is finished and forgotten.
#pragma once
#include <cstdint>
#include <string>

#include "outbox/postgres/connection.hpp"

namespace skald {
inline constexpr int periods_ahead = 2;
inline constexpr int finished_sagas_a_delete = 5'000;

// So that now and the next two periods have a partition. Several may call it at once.
void make_journal_partitions(pg::connection&, std::int64_t period_ms);

// Deletes what is past the horizon; returns how many partitions were dropped. One node at a time:
// where another one is at it, nothing happens.
// `url`: DETACH CONCURRENTLY needs a session without a transaction around it.
int drop_old_partitions(pg::connection&, const std::string& url, std::int64_t horizon_ms);
}  // namespace skald
