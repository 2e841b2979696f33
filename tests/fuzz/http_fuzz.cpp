// Any bytes as an HTTP request: through Beast's parser with the server's limits, and on.
#include "orchestrator/http/read_request.hpp"
#include "sagas/assert.hpp"

using namespace skald;
namespace beast = skald::http::beast;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.header_limit(8 * 1024);
  parser.body_limit(64 * 1024);
  parser.eager(true);
  beast::error_code error;
  std::size_t at = 0;
  while (at < size && !parser.is_done()) {
    const auto used = parser.put(http::asio::buffer(bytes + at, size - at), error);
    if (error || used == 0) break;
    at += used;
  }
  if (error || !parser.is_done()) return 0;
  const auto read = http::read_request(parser.release());
  if (!read.problem.empty()) return 0;
  SKALD_ASSERT(read.request.path.starts_with("/"), "a good request whose path is none");
  for (const auto& [name, value] : read.request.query)
    SKALD_ASSERT(value.find('\0') == value.npos, "a NUL came through");
  for (const auto& [name, value] : read.request.headers)
    for (const char c : name) SKALD_ASSERT(c < 'A' || c > 'Z', "a header's name in upper case");
  return 0;
}
