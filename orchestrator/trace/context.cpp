#include "orchestrator/trace/context.hpp"

#include <algorithm>
#include <cstring>

namespace skald::trace {
namespace {
constexpr std::size_t packed_bytes = 25;

// -1: not a digit. Capitals are none: W3C.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool read_hex(std::string_view text, std::uint8_t* out) {
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<std::uint8_t>(high << 4 | low);
  }
  return true;
}

void append_hex(std::string& out, const std::uint8_t* bytes, std::size_t n) {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < n; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
}

std::array<std::uint8_t, 8> bytes_of(std::uint64_t number) {
  std::array<std::uint8_t, 8> bytes;
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return bytes;
}
std::uint64_t number_of(const std::uint8_t* bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | bytes[i];
  return number;
}
}  // namespace

context parse(std::string_view text) {
  constexpr std::size_t size = 55;  // of version 00; a later one may go on behind a dash
  context c;
  std::uint8_t version, span[8];
  const bool whole = text.size() == size || (text.size() > size && text[size] == '-');
  if (!whole || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  if (!read_hex(text.substr(0, 2), &version) || !read_hex(text.substr(3, 32), c.trace.data()) ||
      !read_hex(text.substr(36, 16), span) || !read_hex(text.substr(53, 2), &c.flags))
    return {};
  c.parent = number_of(span);
  if (version == 0xff || (version == 0 && text.size() != size) || c.parent == 0) return {};
  return c;
}

void append_traceparent(std::string& out, const context& c, std::uint64_t span) {
  out += "00-";
  append_hex(out, c.trace.data(), c.trace.size());
  out += '-';
  append_hex(out, bytes_of(span).data(), 8);
  out += '-';
  append_hex(out, &c.flags, 1);
}

std::string trace_id(const context& c) {
  std::string text;
  if (c.present()) append_hex(text, c.trace.data(), c.trace.size());
  return text;
}

std::string pack(const context& c) {
  if (!c.present()) return {};
  const auto parent = bytes_of(c.parent);
  std::string packed(c.trace.begin(), c.trace.end());
  packed.append(parent.begin(), parent.end());
  return packed += static_cast<char>(c.flags);
}

context unpack(std::string_view packed) {
  context c;
  if (packed.size() != packed_bytes) return c;
  std::memcpy(c.trace.data(), packed.data(), c.trace.size());
  std::array<std::uint8_t, 8> parent;
  std::memcpy(parent.data(), packed.data() + c.trace.size(), parent.size());
  c.parent = number_of(parent.data());
  c.flags = static_cast<std::uint8_t>(packed.back());
  return c;
}

context own_trace(const uuid& saga) {
  context c;
  std::copy_n(reinterpret_cast<const std::uint8_t*>(saga.bytes.data()), c.trace.size(),
              c.trace.begin());
  c.flags = 1;
  return c;
}
}  // namespace skald::trace
