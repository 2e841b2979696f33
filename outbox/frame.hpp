// A frame: the exact bytes of one outgoing record (topic, key, headers, value), and many of them
// packed in one buffer. The packed form is what table outbox_batch keeps and take-over re-sends.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outbox/wire.hpp"

namespace skald::wire {
// Appends one frame to `packed`. Lengths are 32-bit little endian; no alignment.
void append_frame(std::string& packed, string_view topic, string_view key,
                  std::span<const header> headers, string_view value);

// One frame, read in place: views into the packed buffer.
struct frame {
  string_view topic, key, value;
  std::vector<header> headers;  // reused by read_frame
};

// Reads the frame at the front of `rest` and moves `rest` behind it. False: the bytes are damaged.
bool read_frame(string_view& rest, frame& out);
}  // namespace skald::wire
