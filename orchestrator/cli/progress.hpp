// How far a long command is, on standard error: a bar on a terminal, elsewhere a line every 5 s.
#pragma once
#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <string>

namespace skald::cli {
class progress {
 public:
  // `what`: "sagas". A short job shows nothing.
  progress(std::ostream& err, std::string what, std::size_t all);
  ~progress();  // takes the bar away

  void at(std::size_t now);

 private:
  std::ostream& err_;
  const std::string what_;
  const std::size_t all_;
  const bool bar_;
  std::chrono::steady_clock::time_point shown_;
  bool drawn_ = false;
};
}  // namespace skald::cli
