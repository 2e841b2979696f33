// The store on PostgreSQL: one session, everything prepared, one pipeline with one Sync a call.
#pragma once
#include <memory>
#include <string>

#include "orchestrator/store.hpp"

namespace skald {
// Connects at the first call and again after a lost session; each call waits at most
// `answer_within_ms` and then throws store_error (commit: fate::unknown).
std::unique_ptr<store> open_postgres_store(const std::string& url, int answer_within_ms = 30'000);
}  // namespace skald
