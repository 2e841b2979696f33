// From the bytes of HTTP to a `request`: target split and decoded, headers in lower case.
#pragma once
#include "orchestrator/http/message.hpp"
#include "orchestrator/http/net.hpp"

namespace skald::http {
struct read_result {
  http::request request;
  std::string problem;  // empty, or a sentence: why the request cannot be understood
};
read_result read_request(beast::http::request<beast::http::string_body>);

// "%41b" -> "Ab". Nothing: an escape is broken, or it hides a NUL.
std::optional<std::string> percent_decoded(std::string_view, bool plus_is_space);
}  // namespace skald::http
