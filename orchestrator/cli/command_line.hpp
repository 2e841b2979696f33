// The command line of `skald`: what can be said on it, and what was.
#pragma once
#include <iosfwd>
#include <optional>
#include <string>

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
struct global_options {
  config::sources sources;
  std::string format = "table", color = "auto";
  bool json = false;
};

// Holds what was parsed last. One thread.
class command_line {
 public:
  command_line();
  command_line(const command_line&) = delete;

  // Nothing: `chosen` is to be performed. Else the exit code: help was asked for and is on `out`,
  // or one sentence on `err` says what was not understood.
  std::optional<int> parse(int argc, const char* const* argv, std::ostream& out, std::ostream& err);

  action chosen;
  global_options globals;

 private:
  CLI::App app_{"skald: sagas over PostgreSQL and Kafka", "skald"};
};
}  // namespace skald::cli
