// After a run: do the orchestrator's books, the participants' and the load generator's agree?
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/bench/load.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::bench {
// A sentence for each disagreement. `preloaded`: finished sagas that are none of the run's.
std::vector<std::string> check_books(pg::connection& orchestrator,
                                     const std::string& participants_database, const load_result&,
                                     std::int64_t preloaded);
}  // namespace skald::bench
