// W3C trace context: which trace a saga belongs to, and what called it. Pure values.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "outbox/ids.hpp"

namespace skald::trace {
struct context {
  std::array<std::uint8_t, 16> trace{};
  std::uint64_t parent = 0;  // a span; 0: none, the trace begins here
  std::uint8_t flags = 0;    // 1: sampled

  bool present() const { return trace != decltype(trace){}; }
  bool sampled() const { return (flags & 1) != 0; }
};

// What header traceparent says; not present when it is not one.
context parse(std::string_view traceparent);

// 00-<trace>-<span>-<flags>, of a message that leaves as span `span`.
void append_traceparent(std::string& out, const context&, std::uint64_t span);
std::string trace_id(const context&);  // 32 hex digits; empty when not present

// For the database: 25 bytes, or none when not present; anything else is not present.
std::string pack(const context&);
context unpack(std::string_view);

// The trace of a saga whose start brought none: its id is the saga's own.
context own_trace(const uuid& saga);

// Ids of spans follow from what they are about, so that a repeat after a crash is the same span.
inline std::uint64_t span_id(std::string_view what) {
  return hash64(what);
}
}  // namespace skald::trace
