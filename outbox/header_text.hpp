// The headers column of the outbox: a JSON object of strings.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/wire.hpp"

namespace skald {
// Reads one row's headers at a time; the views live until the next read. One thread.
class header_text {
 public:
  header_text();
  ~header_text();
  // False: not a JSON object whose values are all strings.
  bool read(std::string_view text, std::vector<wire::header>& out);

 private:
  struct buffers;
  std::unique_ptr<buffers> buffers_;
};
}  // namespace skald
