// The program's log: lines on standard error, for people or as JSON.
#pragma once
#include <string>

namespace skald::cli {
// `level`: debug, info, warn or error. Throws config::error for another word.
void start_logging(const std::string& level, bool json);
}  // namespace skald::cli
