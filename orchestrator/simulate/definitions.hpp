// The sagas that are simulated when none is named: every reference saga, and two that are here for
// the clauses which those do not reach.
#pragma once
#include <vector>

#include "orchestrator/simulate/script.hpp"

namespace skald::sim {
const std::vector<script>& reference_scripts();
}  // namespace skald::sim
