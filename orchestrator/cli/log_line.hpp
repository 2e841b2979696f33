// How a line of the log looks, and which lines are left out.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "orchestrator/log_entry.hpp"

namespace skald::cli {
inline constexpr int lines_a_second = 10;  // of one event

// One line without its end; `ts` as in 2026-01-31T23:59:59.123Z.
std::string json_line(const log_entry&, std::string_view ts, std::uint64_t suppressed);
std::string text_line(const log_entry&, std::string_view ts, std::uint64_t suppressed);

// Of one event at most `lines_a_second` are written; the next line of it says how many were not.
class rate_limit {
 public:
  using clock = std::chrono::steady_clock;
  struct answer {
    bool write = false;
    std::uint64_t suppressed = 0;  // lines of this event that were not, since the last that was
  };
  // Events are constants: there are few. Any thread.
  answer ask(std::string_view event, clock::time_point now = clock::now());

 private:
  struct window {
    clock::time_point begun;
    int written = 0;
    std::uint64_t suppressed = 0;
  };
  std::mutex mutex_;
  std::map<std::string, window, std::less<>> windows_;
};

// One line without its end; `ts` as in 2026-01-31T23:59:59.123Z.
std::string json_line(const log_entry&, std::string_view ts, std::uint64_t suppressed);
std::string text_line(const log_entry&, std::string_view ts, std::uint64_t suppressed);
}  // namespace skald::cli
