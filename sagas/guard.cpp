#include "sagas/guard.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <string>

namespace skald {
namespace {
using type = comparand::type;

bool is_text(const comparand& c) {
  return c.kind == type::plain_text || c.kind == type::escaped_text;
}

unsigned hex4(std::string_view s) {
  unsigned n = 0;
  std::from_chars(s.data(), s.data() + s.size(), n, 16);
  return n;
}

void append_utf8(std::string& out, unsigned c) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xe0 | c >> 12);
    } else {
      put(0xf0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3f));
    }
    put(0x80 | (c >> 6 & 0x3f));
  }
  put(0x80 | (c & 0x3f));
}

// The text between the quotes of valid JSON. A lone surrogate becomes U+FFFD.
std::string unescaped(std::string_view s) {
  std::string out;
  while (!s.empty()) {
    const auto plain = s.substr(0, s.find('\\'));
    out += plain;
    s.remove_prefix(plain.size());
    if (s.size() < 2) break;
    const char c = s[1];
    s.remove_prefix(2);
    if (c != 'u') {
      const auto known = std::string_view("bfnrt").find(c);
      out += known == std::string_view::npos ? c : "\b\f\n\r\t"[known];
      continue;
    }
    unsigned code = hex4(s.substr(0, 4));
    s.remove_prefix(std::min<std::size_t>(4, s.size()));
    if (code >= 0xd800 && code < 0xdc00 && s.substr(0, 2) == "\\u") {
      const unsigned low = hex4(s.substr(2, 4));
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        s.remove_prefix(std::min<std::size_t>(6, s.size()));
      }
    }
    append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  }
  return out;
}

std::strong_ordering order(const comparand& a, const comparand& b) {
  if (!is_text(a)) return a.number <=> b.number;
  if (a.kind == type::plain_text && b.kind == type::plain_text) return a.words <=> b.words;
  const auto words = [](const comparand& c) {
    return c.kind == type::escaped_text ? unescaped(c.words) : std::string(c.words);
  };
  return words(a) <=> words(b);
}
}  // namespace

comparand comparand_of(const value& v) {
  switch (v.kind) {
    case value::type::integer:
      return {type::integer, v.number, {}};
    case value::type::boolean:
      return {type::boolean, v.number != 0, {}};
    case value::type::text:
      return {type::plain_text, 0, v.words};
    case value::type::none:
      break;
  }
  return {};
}

comparand comparand_of_json(std::string_view raw) {
  if (raw.empty()) return {};
  if (raw == "true" || raw == "false") return {type::boolean, raw == "true", {}};
  if (raw.front() == '"') {
    if (raw.size() < 2 || raw.back() != '"') return {};
    const auto words = raw.substr(1, raw.size() - 2);
    const bool plain = words.find('\\') == words.npos;
    return {plain ? type::plain_text : type::escaped_text, 0, words};
  }
  comparand c{type::integer, 0, {}};
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), c.number);
  return error == std::errc() && end == raw.data() + raw.size() ? c : comparand{};
}

bool compare(token::op op, const comparand& a, const comparand& b) {
  if (a.kind == type::missing || b.kind == type::missing) return false;
  if (is_text(a) ? !is_text(b) : a.kind != b.kind) return false;
  const auto o = order(a, b);
  const bool ordered = a.kind == type::integer;
  switch (op) {
    case token::op::eq:
      return o == 0;
    case token::op::ne:
      return o != 0;
    case token::op::lt:
      return ordered && o < 0;
    case token::op::le:
      return ordered && o <= 0;
    case token::op::gt:
      return ordered && o > 0;
    case token::op::ge:
      return ordered && o >= 0;
    default:
      break;
  }
  SKALD_ASSERT(false, "this operator compares nothing");
  return false;
}
}  // namespace skald
