// The migrations that the program carries.
#pragma once
#include <string>
#include <vector>

#include "outbox/postgres/migrate.hpp"

namespace skald::cli {
// Component: orchestrator, participant or outbox.
std::vector<pg::migration> migrations_of(const std::string& component);
}  // namespace skald::cli
