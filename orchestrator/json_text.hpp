// Writing small JSON by hand: strings escaped, nothing else.
#pragma once
#include <string>
#include <string_view>

namespace skald {
// Appends `text` (UTF-8) as a JSON string with its quotes.
inline void append_json(std::string& out, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}
}  // namespace skald
