#include "orchestrator/http/write_response.hpp"

#include "orchestrator/http/problem.hpp"

namespace skald::http {
namespace {
// A value never ends its line: what a peer sent may be in it.
void set(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ");
  for (const char c : value) head += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  head += "\r\n";
}

std::string write_head(const response& answer, std::string_view content_type, bool keep_alive) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " ";
  head.append(reason(answer.status)).append("\r\n");
  if (!content_type.empty()) set(head, "Content-Type", content_type);
  set(head, "Cache-Control", "no-store");
  set(head, "X-Content-Type-Options", "nosniff");
  set(head, "Connection", keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : answer.headers) set(head, name, value);
  return head;
}
}  // namespace

std::string write_response(const response& answer, response_form form) {
  const bool has_body = answer.status != 204 && answer.status != 304;
  std::string out = write_head(answer, has_body ? answer.content_type : "", form.keep_alive);
  if (has_body) set(out, "Content-Length", std::to_string(answer.body.size()));
  out += "\r\n";
  if (has_body && !form.head_only) out += answer.body;
  return out;
}

std::string write_stream_head(const response& answer) {
  return write_head(answer, "text/event-stream", false) + "\r\n";
}
}  // namespace skald::http
