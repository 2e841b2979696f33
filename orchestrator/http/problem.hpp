// Errors as RFC 9457 problem details.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/message.hpp"

namespace skald::http {
// One wrong place of a request: a JSON Pointer into its body, or "?name" for a query parameter.
struct mistake {
  std::string pointer, detail;
};

// `kind` is the stable last part of the problem's type, such as "not-found".
response problem(unsigned status, std::string_view kind, std::string_view title,
                 std::string_view detail, const std::vector<mistake>& mistakes = {});

// The sentence of a status, as in "404 Not Found".
std::string_view reason(unsigned status);
}  // namespace skald::http
