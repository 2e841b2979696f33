// `skald definition check`, but for finding the definition and parsing flags.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

#include "sagas/explore/explore.hpp"

namespace skald::explore {
enum class output : std::uint8_t { text, json, mermaid, test };

struct command_options {
  explore::options explore;
  explore::output output = output::text;
  std::vector<std::string> assume;  // "step:no_fence", "step:not_idempotent"
};

// 0 proven within the model, 1 violation, 2 bad definition or usage, 3 bound reached (not proven).
int check_command(const definition&, const command_options&, std::ostream& out, std::ostream& err);
}  // namespace skald::explore
