// JSON that others wrote: the whole text or nothing. The parser alone takes a NUL byte for the end
// of the text, and whatever follows it would be accepted without a look.
#pragma once
#include <nlohmann/json.hpp>
#include <string_view>

namespace skald {
// Discarded when the text is not JSON from its first byte to its last.
template <class Json = nlohmann::json>
Json whole_json(std::string_view text) {
  if (text.find('\0') != text.npos) return Json(Json::value_t::discarded);
  return Json::parse(text, nullptr, false);
}
}  // namespace skald
