// OTLP over HTTP in its JSON form: the body of POST /v1/traces. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "orchestrator/trace/span.hpp"

namespace skald::trace {
// What is said once of all spans.
struct resource {
  std::string version, instance;
};
std::string otlp_json(const resource&, std::span<const trace::span>);
}  // namespace skald::trace
