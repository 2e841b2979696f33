#include "orchestrator/http/problem.hpp"

#include <nlohmann/json.hpp>

namespace skald::http {
response problem(unsigned status, std::string_view kind, std::string_view title,
                 std::string_view detail, const std::vector<mistake>& mistakes) {
  nlohmann::ordered_json body = {{"type", "/problems/" + std::string(kind)},
                                 {"title", title},
                                 {"status", status},
                                 {"detail", detail}};
  for (const mistake& m : mistakes)
    body["errors"].push_back({{"pointer", m.pointer}, {"detail", m.detail}});
  response out;
  out.status = status;
  out.content_type = "application/problem+json";
  // A detail may quote bytes that the caller sent: what is not UTF-8 is shown as U+FFFD.
  out.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

std::string_view reason(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return status < 500 ? "Bad Request" : "Internal Server Error";
  }
}
}  // namespace skald::http
