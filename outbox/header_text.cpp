#include "outbox/header_text.hpp"

#include <simdjson.h>

namespace skald {
struct header_text::buffers {
  simdjson::ondemand::parser parser;
  std::string padded;
};

header_text::header_text() : buffers_(std::make_unique<buffers>()) {}
header_text::~header_text() = default;

bool header_text::read(std::string_view text, std::vector<wire::header>& out) {
  out.clear();
  if (text == "{}") return true;
  auto& b = *buffers_;
  b.padded.assign(text).append(simdjson::SIMDJSON_PADDING, ' ');
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (b.parser.iterate(b.padded.data(), text.size(), b.padded.size()).get(document) ||
      document.get_object().get(object))
    return false;
  for (auto item : object) {
    wire::header h;
    if (item.unescaped_key().get(h.name) || item.value().get_string().get(h.value)) return false;
    if (out.size() == wire::max_headers) return false;
    out.push_back(h);
  }
  const char* behind = nullptr;
  return document.current_location().get(behind) || behind >= b.padded.data() + text.size();
}
}  // namespace skald
