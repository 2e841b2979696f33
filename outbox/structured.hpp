// CloudEvents in structured mode, which is accepted inbound: the envelope and the data are one
// JSON object in the record's value.
#pragma once
#include <memory>
#include <string>

#include "outbox/wire.hpp"

namespace skald::wire {
bool is_structured(std::span<const header> headers);  // content-type application/cloudevents+json

// Reads one record at a time; the views of a result live until the next read. One thread.
class structured_reader {
 public:
  structured_reader();
  ~structured_reader();
  structured_reader(structured_reader&&) noexcept;
  structured_reader& operator=(structured_reader&&) noexcept;

  // `data` becomes the payload's bytes, as they stand (not checked further than binary mode is).
  parsed read(string_view value, string_view& data);
  // The same record's headers in binary mode; of a good one only.
  std::span<const header> headers() const;

 private:
  struct buffers;
  std::unique_ptr<buffers> buffers_;
};
}  // namespace skald::wire
