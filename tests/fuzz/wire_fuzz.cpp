// Any bytes as a record: headers and value, binary and structured mode, payloads, packed frames,
// ids. Nothing may crash or read outside of its bounds, and what is accepted must be what it says.
// The input is a packed list of headers (pieces.hpp); all of it is the value, too.
#include <cstddef>
#include <cstdint>
#include <string>

#include "orchestrator/payload.hpp"
#include "outbox/frame.hpp"
#include "outbox/ids.hpp"
#include "outbox/structured.hpp"
#include "sagas/assert.hpp"
#include "sagas/encoding.hpp"
#include "tests/fuzz/pieces.hpp"

using namespace skald;

namespace {
void read_headers(std::string_view text) {
  const auto headers = fuzz::pieces{text}.headers(2 * wire::max_headers);
  const auto p = wire::parse(headers);
  if (!p.problem.empty() || p.envelope.kind == wire::kind::none) return;
  SKALD_ASSERT(!p.envelope.id.empty() && !p.envelope.type.empty(), "a good envelope lacks its id");
  if (p.envelope.kind == wire::kind::reply)
    SKALD_ASSERT(p.envelope.outcome != wire::outcome::none, "a good reply without an outcome");
}

void read_value(std::string_view text) {
  static wire::structured_reader structured;
  std::string_view data;
  (void)structured.read(text, data);
  static payload_reader payload;
  const bool good = payload.read(text).empty();
  for (const auto* pointer : {"", "/", "/order_id", "/a/b", "/a~1b", "/0", "/~", "no pointer"}) {
    if (!good) break;
    if (const auto cut = payload.cut(pointer))
      SKALD_ASSERT(!cut->empty() && cut->size() <= text.size(), "a cut is no part of the text");
    if (const auto word = payload.word(pointer); word && is_business_key(*word))
      SKALD_ASSERT(word->size() <= max_key_bytes, "a business key is too long");
  }
  SKALD_ASSERT(good == payload.read(text).empty(), "the same text is judged otherwise");
}

void read_packed(std::string_view text) {
  wire::frame frame;
  for (auto rest = text; !rest.empty() && wire::read_frame(rest, frame);) {
    std::string again;
    wire::append_frame(again, frame.topic, frame.key, frame.headers, frame.value);
    wire::frame same;
    std::string_view packed = again;
    SKALD_ASSERT(wire::read_frame(packed, same) && packed.empty() && same.value == frame.value,
                 "a frame does not survive");
  }
  machine::saga saga;
  if (machine::decode(text, saga).empty())
    SKALD_ASSERT(machine::decode(machine::encode(saga)), "a saga does not survive");
  if (const auto id = wire::parse_command_id(text)) {
    std::string words;
    wire::append(words, *id);
    SKALD_ASSERT(wire::parse_command_id(words), "a command's id does not survive");
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  read_headers(text);
  read_value(text);
  read_packed(text);
  return 0;
}
