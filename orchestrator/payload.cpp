#include "orchestrator/payload.hpp"

#include <simdjson.h>

#include <cstring>

namespace skald {
bool is_business_key(std::string_view key) {
  if (key.empty() || key.size() > max_key_bytes) return false;
  for (const char c : key)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  return simdjson::validate_utf8(key.data(), key.size());
}

namespace ondemand = simdjson::ondemand;

struct payload_reader::buffers {
  simdjson::dom::parser checker;
  ondemand::parser cutter;
  ondemand::document document;
  std::string text;  // `size` bytes, then the padding that simdjson reads over
  std::size_t size = 0;
  bool open = false;  // `document` stands on `text`
  std::string word;
};

payload_reader::payload_reader() : buffers_(std::make_unique<buffers>()) {
  if (buffers_->checker.allocate(0, max_payload_depth) != simdjson::SUCCESS ||
      buffers_->cutter.allocate(0, max_payload_depth) != simdjson::SUCCESS)
    throw std::bad_alloc();
}
payload_reader::~payload_reader() = default;
payload_reader::payload_reader(payload_reader&&) noexcept = default;
payload_reader& payload_reader::operator=(payload_reader&&) noexcept = default;

std::string_view payload_reader::read(std::string_view payload) {
  auto& b = *buffers_;
  b.open = false;
  if (payload.size() > max_payload_bytes) return "the data is larger than 1 MiB";
  b.size = payload.size();
  if (b.text.size() < b.size + simdjson::SIMDJSON_PADDING)
    b.text.resize(2 * b.size + simdjson::SIMDJSON_PADDING);
  std::memcpy(b.text.data(), payload.data(), b.size);
  const auto parsed = b.checker.parse(b.text.data(), b.size, false);
  switch (parsed.error()) {
    case simdjson::SUCCESS:
      return {};
    case simdjson::UTF8_ERROR:
      return "the data is not UTF-8";
    case simdjson::DEPTH_ERROR:
      return "the data is nested more than 64 deep";
    case simdjson::NUMBER_ERROR:
      return "the data has a number that does not fit 64 bits";
    case simdjson::EMPTY:
      return "there is no data";
    default:
      return "the data is not JSON";
  }
}

namespace {
bool find(ondemand::parser& cutter, ondemand::document& document, bool& open,
          const std::string& text, std::size_t size, std::string_view pointer,
          ondemand::value& out) {
  if (!open) {
    const simdjson::padded_string_view padded(text.data(), size, text.size());
    if (cutter.iterate(padded).get(document) != simdjson::SUCCESS) return false;
    open = true;
  }
  return document.at_pointer(pointer).get(out) == simdjson::SUCCESS;
}

std::string_view trim(std::string_view raw) {
  const auto end = raw.find_last_not_of(" \t\r\n");
  return raw.substr(0, end == std::string_view::npos ? 0 : end + 1);
}
}  // namespace

std::optional<std::string_view> payload_reader::cut(std::string_view pointer) {
  auto& b = *buffers_;
  if (pointer.empty()) return trim(std::string_view(b.text.data(), b.size));
  ondemand::value value;
  if (!find(b.cutter, b.document, b.open, b.text, b.size, pointer, value)) return {};
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  std::string_view raw;
  switch (type) {
    case ondemand::json_type::null:
      return {};
    case ondemand::json_type::object: {
      ondemand::object object;
      if (value.get_object().get(object) || object.raw_json().get(raw)) return {};
      return trim(raw);
    }
    case ondemand::json_type::array: {
      ondemand::array array;
      if (value.get_array().get(array) || array.raw_json().get(raw)) return {};
      return trim(raw);
    }
    default:
      return trim(value.raw_json_token());
  }
}

std::optional<std::string_view> payload_reader::word(std::string_view pointer) {
  auto& b = *buffers_;
  ondemand::value value;
  if (!find(b.cutter, b.document, b.open, b.text, b.size, pointer, value)) return {};
  ondemand::json_type type;
  if (value.type().get(type) != simdjson::SUCCESS) return {};
  if (type == ondemand::json_type::string) {
    std::string_view text;
    if (value.get_string().get(text)) return {};
    return b.word.assign(text);
  }
  if (type != ondemand::json_type::number) return {};
  const auto raw = trim(value.raw_json_token());
  if (raw.find_first_of(".eE") != std::string_view::npos) return {};
  return b.word.assign(raw == "-0" ? "0" : raw);
}
}  // namespace skald
