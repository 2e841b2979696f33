// From a `response` to the bytes of HTTP.
#pragma once
#include <string>

#include "orchestrator/http/message.hpp"

namespace skald::http {
struct response_form {
  bool keep_alive = true;
  bool head_only = false;  // the answer to HEAD
};
std::string write_response(const response&, response_form);

// The head of a stream of events, which follow until the connection ends.
std::string write_stream_head(const response&);
}  // namespace skald::http
