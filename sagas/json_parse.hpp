// JSON text to a tree with bounds: size, depth, no member twice.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/json.hpp"

namespace skald {
// Null and `why` set when the text is no JSON or breaks a bound.
std::optional<nlohmann::json> parse_bounded(std::string_view text, complaint& why);
}  // namespace skald
