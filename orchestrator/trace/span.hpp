// One span, as it is handed to the exporter. Everything about it but its times follows from the
// saga; never a payload.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/trace/context.hpp"

namespace skald::trace {
enum class span_kind : std::uint8_t { internal = 1, producer = 4, consumer = 5 };  // OTLP's numbers

struct span {
  trace::context of;  // its trace; `parent` is the span's parent
  std::uint64_t id = 0;
  span_kind kind = span_kind::internal;
  std::string
      name;  // "send payments.commands", "process skald.inbox", "step charge", "saga vending"
  std::int64_t begin_ms = 0, end_ms = 0;
  bool failed = false;
  uuid saga;
  std::string definition, step, topic, message_id, outcome;
  std::int64_t attempt = 0, partition = -1, offset = -1;  // none
  trace::context link;                                    // another trace that led here; often none
};
}  // namespace skald::trace
