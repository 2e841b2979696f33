#include "sagas/draw_parts.hpp"

namespace skald::draw {
namespace {
std::string field_name(std::string_view pointer) {
  std::string name(pointer.substr(pointer.empty() ? 0 : 1));
  for (char& c : name)
    if (c == '/') c = '.';
  return name;
}
std::string literal(const value& v) {
  if (v.kind == value::type::text) return "\"" + std::string(v.words) + "\"";
  if (v.kind == value::type::boolean) return v.number ? "true" : "false";
  return std::to_string(v.number);
}
std::string_view sign(token::op op) {
  constexpr std::string_view signs[] = {"=", "≠", "<", "≤", ">", "≥", "and", "or", "not"};
  return signs[static_cast<std::size_t>(op)];
}
std::string kept_in(const backoff& b) {
  return b.times == 0 ? ""
                      : ", " + std::to_string(b.times) + (b.times == 1 ? " retry" : " retries");
}
}  // namespace

std::string_view short_name(std::string_view type) {
  const auto version = type.rfind(".v");
  if (version != type.npos && type.find_first_not_of("0123456789", version + 2) == type.npos &&
      version + 2 < type.size())
    type = type.substr(0, version);
  return type.substr(type.rfind('.') + 1);
}

std::string duration(milliseconds t) {
  const auto n = t.count();
  struct unit {
    std::int64_t size;
    const char* name;
  };
  for (auto [size, name] :
       {unit{86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1000, " s"}})
    if (n >= size && n % size == 0) return std::to_string(n / size) + name;
  return std::to_string(n) + " ms";
}

std::string condition(const guard& g) {
  std::vector<std::string> stack;
  for (auto& t : g.tokens) {
    if (t.kind == token::type::field) {
      stack.push_back(field_name(t.at.field));
    } else if (t.kind == token::type::literal) {
      stack.push_back(literal(t.fixed));
    } else if (t.what == token::op::negate) {
      stack.back() = "not (" + stack.back() + ")";
    } else {
      const std::string right = std::move(stack.back());
      stack.pop_back();
      stack.back() += " " + std::string(sign(t.what)) + " " + right;
      if (t.what == token::op::either) stack.back() = "(" + stack.back() + ")";
    }
  }
  return stack.empty() ? "" : stack.back();
}

std::vector<part> parts_of(const definition& d) {
  std::vector<part> all;
  for (auto& s : d.steps) {
    part p{&s, std::string(s.name), {}, {}};
    if (s.awaits()) {
      p.lines.push_back("awaits " + std::string(short_name(s.await.event)));
      p.lines.push_back("on " + std::string(s.await.topic));
    } else {
      p.lines.push_back(std::string(short_name(s.send.type)));
      p.lines.push_back("to " + std::string(s.send.participant));
    }
    p.lines.push_back("within " + duration(s.within) + kept_in(s.retry));
    if (!s.when.empty()) p.lines.push_back("if " + condition(s.when));
    if (s.has_undo()) p.back = "undo: " + std::string(short_name(s.undo.send.type));
    if (!s.fence.empty()) p.back = "fence: " + std::string(short_name(s.fence.type));
    all.push_back(std::move(p));
  }
  return all;
}

std::string escaped_xml(std::string_view s) {
  std::string out;
  for (char c : s) switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  return out;
}
std::string escaped_quotes(std::string_view s) {
  std::string out;
  for (char c : s) {
    if (c == '"' || c == '\\')
      out += c == '"' ? "'" : "/";
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}
}  // namespace skald::draw
