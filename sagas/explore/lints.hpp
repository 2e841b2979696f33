// What can be said of a definition without exploring it, as sentences. None makes it unsafe to run.
#pragma once
#include <string>
#include <vector>

#include "skald/model.hpp"

namespace skald::explore {
std::vector<std::string> lint(const definition&);
}  // namespace skald::explore
