#include "outbox/frame.hpp"

#include <algorithm>

namespace skald::wire {
namespace {
constexpr std::size_t length_bytes = 4;

void append_length(std::string& out, std::size_t n) {
  char bytes[length_bytes];
  for (std::size_t i = 0; i < length_bytes; ++i) bytes[i] = static_cast<char>(n >> (8 * i) & 0xff);
  out.append(bytes, length_bytes);
}

void append_text(std::string& out, string_view s) {
  append_length(out, s.size());
  out.append(s);
}

bool read_length(string_view& rest, std::size_t& n) {
  if (rest.size() < length_bytes) return false;
  n = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    n |= static_cast<std::size_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
  rest.remove_prefix(length_bytes);
  return true;
}

bool read_text(string_view& rest, string_view& s) {
  std::size_t n = 0;
  if (!read_length(rest, n) || n > rest.size()) return false;
  s = rest.substr(0, n);
  rest.remove_prefix(n);
  return true;
}
}  // namespace

void append_frame(std::string& packed, string_view topic, string_view key,
                  std::span<const header> headers, string_view value) {
  auto bytes = packed.size() + 4 * length_bytes + topic.size() + key.size() + value.size();
  for (auto& h : headers) bytes += 2 * length_bytes + h.name.size() + h.value.size();
  if (bytes > packed.capacity()) packed.reserve(std::max(bytes, 2 * packed.capacity()));
  append_text(packed, topic);
  append_text(packed, key);
  append_length(packed, headers.size());
  for (auto& h : headers) {
    append_text(packed, h.name);
    append_text(packed, h.value);
  }
  append_text(packed, value);
}

bool read_frame(string_view& rest, frame& out) {
  out.headers.clear();
  auto left = rest;
  std::size_t n = 0;
  if (!read_text(left, out.topic) || !read_text(left, out.key) || !read_length(left, n))
    return false;
  if (n > left.size() / (2 * length_bytes)) return false;  // before any memory is reserved
  out.headers.reserve(n);
  for (std::size_t i = 0; i < n; ++i) {
    header h;
    if (!read_text(left, h.name) || !read_text(left, h.value)) return false;
    out.headers.push_back(h);
  }
  if (!read_text(left, out.value)) return false;
  rest = left;
  return true;
}
}  // namespace skald::wire
