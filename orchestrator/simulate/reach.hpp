// What no schedule of the simulator can reach, and why. Everything else a full run must reach.
#pragma once
#include <string_view>

#include "sagas/table.hpp"

namespace skald::sim {
// Empty: it can be reached.
std::string_view why_not(machine::cell);
std::string_view why_not(std::string_view failpoint);
}  // namespace skald::sim
