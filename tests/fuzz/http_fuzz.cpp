// Any bytes as an HTTP request: through Beast's parser, with smaller limits than the server's so
// that they are reached, and on to what a handler reads of it: query parameters, fields of a JSON
// body, If-Match, Last-Event-ID.
#include <array>

#include "orchestrator/api/asked.hpp"
#include "orchestrator/http/read_request.hpp"
#include "orchestrator/http/streams.hpp"
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

// A client of the stream of events comes back behind its last id: what it is given at once are the
// events behind that id, or it is told that they are gone.
void resume(const http::request& q) {
  const auto behind = http::parse_cursor(q.header("last-event-id"));
  if (!behind) return;
  SKALD_ASSERT(http::parse_cursor(http::to_text(*behind)) == behind, "an id is read in two ways");
  constexpr std::array kept = {5, 7, 6, 9};  // offsets, of partitions 0 and 1 in turn
  http::stream_hub hub;
  hub.begin({5, 7});
  hub.open();
  for (std::size_t i = 0; i < kept.size(); ++i)
    hub.publish({i % 2, kept[i], "started", "a saga", "v", "{}"});
  const auto [client, refused] = hub.subscribe({}, behind);
  const bool known = behind->size() == 2 && (*behind)[0] >= 5 && (*behind)[1] >= 7;
  SKALD_ASSERT((client != nullptr) == known, "an id that is kept is gone, or one that is not is");
  if (!client) return;
  std::vector<http::subscription::text> given;
  SKALD_ASSERT(client->take(given), "cut before it read anything");
  std::size_t later = 1;  // the greeting
  for (std::size_t i = 0; i < kept.size(); ++i) later += kept[i] >= (*behind)[i % 2] ? 1 : 0;
  SKALD_ASSERT(given.size() == later, "not the events behind the id");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  beast::http::request_parser<beast::http::string_body> parser;
  parser.header_limit(8 * 1024);  // the server's are 16 KiB and 1 MiB
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
  resume(read.request);
  return 0;
}
