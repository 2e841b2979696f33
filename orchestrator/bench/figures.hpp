// Figures as people read them, and the words of each run.
#pragma once
#include <string>

#include "orchestrator/bench/run.hpp"

namespace skald::bench {
double percentile_ms(const run_result&, double percent);
std::string grouped(double number);              // 12,345
std::string fixed(double number, int decimals);  // 0.18
std::string title(const std::string& run_name);  // what the run is, for a table
}  // namespace skald::bench
