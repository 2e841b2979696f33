// What the three participants' programs share: options, tables on first use, run until a signal.
#pragma once
#include <functional>
#include <string>

#include "skald/participant.hpp"

namespace vending {
// Parses the options, creates schema `vending_<name>` with the participant's tables when they are
// not there, calls `handle`, and runs until SIGTERM or SIGINT. Returns the exit code: 0, 2 usage,
// 5 unreachable.
struct program {
  std::string name;
  const char* tables;  // SQL
  std::function<void(skald::participant&)> handle;
};
int run(const program&, int argc, char** argv);
}  // namespace vending
