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
}  // namespace skald::http
