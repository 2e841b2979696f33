// JSON that others wrote: the whole text or nothing. The parser alone takes a NUL byte for the end
// of the text, and whatever follows it would be accepted without a look; it takes any depth, and
// writing such a value again recurses as deep.
#pragma once
#include <nlohmann/json.hpp>
#include <string_view>

namespace skald {
inline constexpr int max_json_depth = 64;  // as deep as a payload may be

namespace detail {
inline bool too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\')
      ++i;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{') && ++depth > max_json_depth)
      return true;
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
  return false;
}
}  // namespace detail

// Discarded when the text is not JSON from its first byte to its last, or nested too deeply.
template <class Json = nlohmann::json>
Json whole_json(std::string_view text) {
  if (text.find('\0') != text.npos || detail::too_deep(text)) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}
}  // namespace skald
