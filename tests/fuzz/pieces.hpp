// A fuzzer's input as a packed list: a length byte, then so many bytes, and so on.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "outbox/wire.hpp"

namespace skald::fuzz {
struct pieces {
  std::string_view rest;

  std::uint8_t byte() {  // 0 at the end
    if (rest.empty()) return 0;
    const auto first = static_cast<std::uint8_t>(rest[0]);
    rest.remove_prefix(1);
    return first;
  }
  std::string_view next() {
    const std::size_t wanted = byte(), size = std::min(wanted, rest.size());
    const auto text = rest.substr(0, size);
    rest.remove_prefix(size);
    return text;
  }
  std::vector<wire::header> headers(std::size_t at_most) {
    std::vector<wire::header> all;
    while (rest.size() > 1 && all.size() < at_most) {
      const auto name = next(), value = next();
      all.push_back({name, value});
    }
    return all;
  }
};
}  // namespace skald::fuzz
