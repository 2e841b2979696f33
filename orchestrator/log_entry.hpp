// A line of the service's log, as it leaves the service; the program decides where it goes and how
// it looks (orchestrator/cli/logging.hpp). Never a payload. The log is not the audit.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "outbox/ids.hpp"

namespace skald {
enum class severity : std::uint8_t { error, warning, info };

struct log_entry {
  skald::severity severity = severity::error;
  std::string_view event;  // a constant that machines may rely on: docs/observe.md lists them
  std::string text;        // one sentence for people
  std::optional<uuid> saga{};
  std::string definition{}, step{}, trace_id{}, topic{};
  std::optional<std::int64_t> attempt{}, partition{}, offset{};
};

// Any thread; must not block for long.
using reporter = std::function<void(const log_entry&)>;
}  // namespace skald
