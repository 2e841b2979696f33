// The program's log: lines on standard error, for people or as JSON.
//
// A JSON line has ts, level, event and message, and of saga_id, definition, step, attempt,
// trace_id, topic, partition, offset what is known. What is written is bounded: log_line.hpp.
#pragma once
#include <string>
#include <string_view>

#include "orchestrator/log_entry.hpp"

namespace skald::cli {
// `level`: debug, info, warn or error; `format`: text or json. Throws config::error for another
// word.
void start_logging(const std::string& level, const std::string& format);

// Any thread.
void log(const log_entry&);
void log(severity, std::string_view event, std::string text);
}  // namespace skald::cli
