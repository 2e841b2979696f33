#include "orchestrator/cli/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <string_view>

namespace skald::cli {
namespace {
constexpr std::size_t bar_columns = 30;
constexpr std::chrono::milliseconds each_bar{100};
constexpr std::chrono::seconds each_line{5};

bool is_terminal() {
  const char* const term = std::getenv("TERM");
  return isatty(STDERR_FILENO) && term && std::string_view(term) != "dumb";
}
}  // namespace

progress::progress(std::ostream& err, std::string what, std::size_t all)
    : err_(err),
      what_(std::move(what)),
      all_(all),
      bar_(is_terminal()),
      shown_(std::chrono::steady_clock::now()) {}

progress::~progress() {
  if (drawn_) err_ << "\r\x1b[K" << std::flush;
}

void progress::at(std::size_t now) {
  const auto time = std::chrono::steady_clock::now();
  if (time - shown_ < (bar_ ? std::chrono::milliseconds(each_bar) : each_line)) return;
  shown_ = time;
  const auto count = std::to_string(now) + " of " + std::to_string(all_) + " " + what_;
  if (!bar_) {
    err_ << "skald: " << count << std::endl;
    return;
  }
  const auto full = all_ ? std::min(bar_columns, now * bar_columns / all_) : 0;
  err_ << "\r[" << std::string(full, '#') << std::string(bar_columns - full, '.') << "] " << count
       << std::flush;
  drawn_ = true;
}
}  // namespace skald::cli
