// What tests ask of texts.
#pragma once
#include <random>
#include <string>
#include <string_view>

namespace skald::test {
inline bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Digits in no order: no smaller when it is compressed.
inline std::string incompressible(std::size_t size) {
  std::mt19937 random(1);
  std::string text;
  while (text.size() < size) text += static_cast<char>('0' + random() % 10);
  return text;
}
}  // namespace skald::test
