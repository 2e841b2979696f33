// Any bytes as what a participant and the relay read: a command, an operator's word in it, data for
// a handler, a token, a trace, the headers of an outbox row. What is answered keeps the contract.
// The input is a packed list of headers (pieces.hpp); all of it is the value, too.
#include <optional>

#include "orchestrator/trace/context.hpp"
#include "outbox/header_text.hpp"
#include "outbox/participant_replies.hpp"
#include "outbox/token.hpp"
#include "outbox/whole_json.hpp"
#include "sagas/assert.hpp"
#include "skald/record.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace skald;

enum class paint { red, green };
struct line {
  std::string what;
  std::int64_t cents = 0;
};
struct order {
  std::string id;
  std::optional<int> slot;
  std::vector<line> lines;
  paint colour{};
  bool gift = false;
  double weight = 0;
};

namespace {
void read_command(std::string_view text) {
  static const participant_handlers handlers{{{"t.v1", nullptr}}, {{"u.v1", nullptr}}};
  static reply_headers headers("p");
  const auto said = fuzz::pieces{text}.headers(2 * wire::max_headers);
  const wire::record record{
      .key = "k", .value = text, .has_key = true, .has_value = true, .headers = said};
  auto task = read_task(record, handlers);
  if (!task.problem.empty()) return;
  SKALD_ASSERT(!task.own_id.empty(), "a command without an id");
  for (const auto outcome : {wire::outcome::ok, wire::outcome::undone, wire::outcome::retry}) {
    task.answer = {.outcome = outcome, .after = std::chrono::milliseconds(7)};
    if (outcome == wire::outcome::ok) task.answer.type = "done.v1";
    const auto p = wire::parse(headers.of(task, "2026-01-01T00:00:00.000Z"));
    SKALD_ASSERT(p.problem.empty() && p.envelope.outcome == outcome, "a bad reply to a good word");
    SKALD_ASSERT(p.envelope.causation_id == task.envelope.id, "it answers another command");
  }
}

void read_data(std::string_view text) {
  const auto word = whole_json(text);
  if (!word.is_discarded())
    SKALD_ASSERT(whole_json(word.dump()) == word, "JSON that was read cannot be written");
  try {
    const auto read = from_json<order>(text);
    SKALD_ASSERT(!word.is_discarded(), "a handler gets what is no JSON");
    SKALD_ASSERT(to_json(from_json<order>(to_json(read))) == to_json(read), "data does not last");
  } catch (const bad_json& e) {
    SKALD_ASSERT(*e.what() != 0, "refused without a sentence");
  }
}

void read_words(std::string_view text) {
  static signer tokens({{1, "first"}, {7, "newest"}});
  std::string good;
  tokens.append_token(good, text);
  SKALD_ASSERT(tokens.good(good, text), "a token that its maker does not believe");
  SKALD_ASSERT(text == good || !tokens.good(text, text), "a token that nobody made");
  if (const auto seen = trace::parse(text); seen.present()) {
    std::string again;
    trace::append_traceparent(again, seen, seen.parent);
    SKALD_ASSERT(trace::pack(trace::parse(again)) == trace::pack(seen), "a trace gets lost");
  }
  (void)trace::unpack(text);
  static header_text row;
  static std::vector<wire::header> headers;
  if (row.read(text, headers))
    SKALD_ASSERT(headers.size() <= wire::max_headers, "more headers than a record may have");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  read_command(text);
  read_data(text);
  read_words(text);
  return 0;
}
