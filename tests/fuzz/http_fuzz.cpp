// Any bytes as an HTTP request: through Beast's parser with the server's limits, and on to what a
// handler reads of it: query parameters, fields of a JSON body, If-Match.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/http/read_request.hpp"
#include "sagas/assert.hpp"

using namespace skald;
namespace beast = skald::http::beast;

namespace {
// Judged: a value within its bounds, or a refusal that says why.
template <class Read>
void judge(Read read) {
  try {
    read();
  } catch (const http::refusal& r) {
    SKALD_ASSERT(r.answer.status >= 400 && r.answer.status < 500,
                 "refused as if it were our fault");
    SKALD_ASSERT(!r.answer.body.empty(), "refused without a sentence");
  }
}

void read_as_handlers_do(const http::request& q) {
  judge([&] {
    const api::query asked(q, {"after", "limit", "state", "wait", "dry_run"});
    (void)asked.number("after");
    SKALD_ASSERT(asked.count("limit", api::usual_page, 500) <= 500, "more than there may be");
    (void)asked.word("state", {"running", "completed"});
    SKALD_ASSERT(asked.time("wait", api::longest_wait) <= api::longest_wait, "a longer wait");
    (void)asked.flag("dry_run");
  });
  judge([&] {
    api::fields body(q, {"definition", "key", "input", "version"});
    const auto text = body.text("definition", 128);
    SKALD_ASSERT(text.size() <= 128, "a text longer than it may be");
    (void)body.maybe_text("key", 512);
    (void)body.flag("version");
    if (const auto raw = body.raw("input")) SKALD_ASSERT(!raw->empty(), "a value without a text");
    body.judge();
  });
  judge([&] { (void)api::if_match(q); });
}
}  // namespace

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
  read_as_handlers_do(read.request);
  return 0;
}
