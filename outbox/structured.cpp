#include "outbox/structured.hpp"

#include <openssl/evp.h>
#include <simdjson.h>

#include <deque>
#include <vector>

namespace skald::wire {
namespace {
constexpr string_view media_type = "application/cloudevents+json";
constexpr string_view not_an_object = "the value is not a JSON object of CloudEvents";

// The header that binary mode would use for an attribute.
std::string header_name(string_view attribute) {
  if (attribute == "datacontenttype") return "content-type";
  if (attribute == "traceparent" || attribute == "tracestate") return std::string(attribute);
  return "ce_" + std::string(attribute);
}

// Standard base64 with padding; false when it is not that.
bool decode_base64(string_view in, std::string& out) {
  if (in.size() % 4 != 0) return false;
  out.resize(in.size() / 4 * 3);
  auto n = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                           reinterpret_cast<const unsigned char*>(in.data()),
                           static_cast<int>(in.size()));
  if (n < 0) return false;
  for (auto i = in.size(); i > 0 && in[i - 1] == '=' && in.size() - i < 2; --i) --n;
  out.resize(static_cast<std::size_t>(n));
  return true;
}
}  // namespace

struct structured_reader::buffers {
  simdjson::ondemand::parser parser;
  simdjson::padded_string text;
  std::deque<std::string> names;  // deque: views into its strings stay good
  std::vector<header> headers;
  std::string decoded;
};

structured_reader::structured_reader() : buffers_(std::make_unique<buffers>()) {}
structured_reader::~structured_reader() = default;
structured_reader::structured_reader(structured_reader&&) noexcept = default;
structured_reader& structured_reader::operator=(structured_reader&&) noexcept = default;

bool is_structured(std::span<const header> headers) {
  for (auto& h : headers)
    if (h.name == "content-type") return h.value.substr(0, media_type.size()) == media_type;
  return false;
}

std::span<const header> structured_reader::headers() const {
  return buffers_->headers;
}

parsed structured_reader::read(string_view value, string_view& data) {
  auto& b = *buffers_;
  b.names.clear();
  b.headers.clear();
  b.text = simdjson::padded_string(value);
  data = "{}";
  bool has_content_type = false;
  auto problem = [&b](string_view text) { return parsed{parse(b.headers).envelope, text}; };

  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (b.parser.iterate(b.text).get(document) || document.get_object().get(object))
    return problem(not_an_object);
  for (auto item : object) {
    string_view name, text;
    simdjson::ondemand::value v;
    if (item.unescaped_key().get(name) || item.value().get(v)) return problem(not_an_object);
    simdjson::ondemand::json_type type;
    if (v.type().get(type)) return problem(not_an_object);
    if (name == "data") {
      if (simdjson::to_json_string(v).get(data))
        return problem("the value's data is not whole JSON");
      continue;
    }
    if (type == simdjson::ondemand::json_type::string) {
      if (v.get_string().get(text)) return problem(not_an_object);
    } else if (type == simdjson::ondemand::json_type::null) {
      continue;
    } else if (type == simdjson::ondemand::json_type::number) {
      text = v.raw_json_token();
      while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
    } else {
      return problem("an attribute of the value is neither text nor number");
    }
    if (name == "data_base64") {
      if (!decode_base64(text, b.decoded)) return problem("data_base64 is not base64");
      data = b.decoded;
      continue;
    }
    if (b.headers.size() == max_headers) return problem("the value has too many attributes");
    has_content_type = has_content_type || name == "datacontenttype";
    b.names.push_back(header_name(name));
    b.headers.push_back({b.names.back(), text});
  }
  const char* behind = nullptr;
  if (!document.current_location().get(behind) && behind < b.text.data() + b.text.size())
    return problem("the value goes on behind its JSON object");
  if (!has_content_type) b.headers.push_back({"content-type", "application/json"});
  return parse(b.headers);
}
}  // namespace skald::wire
