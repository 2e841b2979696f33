// What tests ask of texts.
#pragma once
#include <string>
#include <string_view>

namespace skald::test {
inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}
}  // namespace skald::test
