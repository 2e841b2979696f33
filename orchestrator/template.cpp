#include "orchestrator/template.hpp"

#include "orchestrator/json_text.hpp"

namespace skald {
namespace {
std::vector<std::string> tokens(std::string_view pointer) {
  std::vector<std::string> out;
  for (const char c : pointer) {
    if (c == '/') {
      out.emplace_back();
    } else if (!out.empty()) {
      out.back() += c;
    }
  }
  for (auto& token : out)  // RFC 6901: ~1 is a slash, ~0 a tilde
    for (std::size_t at = 0; (at = token.find('~', at)) != std::string::npos; ++at)
      if (at + 1 < token.size()) token.replace(at, 2, token[at + 1] == '1' ? "/" : "~");
  return out;
}

std::string member(std::string_view name) {
  std::string out;
  append_json(out, name);
  return out += ':';
}

std::string literal(const value& v) {
  std::string out;
  switch (v.kind) {
    case value::type::none:
      return "null";
    case value::type::boolean:
      return v.number ? "true" : "false";
    case value::type::integer:
      return std::to_string(v.number);
    case value::type::text:
      append_json(out, v.words);
  }
  return out;
}
}  // namespace

void body_template::close_to(std::size_t depth) {
  for (; path_.size() > depth; path_.pop_back())
    pieces_.push_back({piece::type::close, "}", 0, false});
}

void body_template::add(const binding& b, std::uint16_t place) {
  auto path = tokens(b.to);
  const auto name = member(path.empty() ? std::string_view() : path.back());
  if (!path.empty()) path.pop_back();
  std::size_t common = 0;
  while (common < path.size() && common < path_.size() && path[common] == path_[common]) ++common;
  close_to(common);
  for (; path_.size() < path.size(); path_.push_back(path[path_.size()]))
    pieces_.push_back({piece::type::open, member(path[path_.size()]) + "{", 0, false});
  if (b.from.event.empty())
    pieces_.push_back({piece::type::fixed, name + literal(b.fixed), 0, false});
  else
    pieces_.push_back({piece::type::from, name, place, b.optional});
}

bool body_template::write(const place_values& values, std::string& out) const {
  const auto begin = out.size();
  out += '{';
  for (const auto& p : pieces_) {
    std::optional<std::string_view> value;
    if (p.kind == piece::type::from && !(value = values.find(p.place))) {
      if (p.optional) continue;
      out.resize(begin);
      return false;
    }
    if (p.kind != piece::type::close && out.back() != '{') out += ',';
    out += p.text;
    if (value) out += *value;
  }
  return true;
}
}  // namespace skald
