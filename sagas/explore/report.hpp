// A report for people, for programs, for a diagram, for a test.
#pragma once
#include <string>

#include "sagas/explore/explore.hpp"

namespace skald::explore {
std::string to_text(const definition&, const report&);
std::string to_json(const definition&, const report&);     // verdict, states, depth, seconds, ...
std::string to_mermaid(const definition&, const report&);  // sequence diagram of the counterexample
std::string to_test(const definition&, const report&);     // a doctest case that replays it
}  // namespace skald::explore
