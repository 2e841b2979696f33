#include "outbox/ids.hpp"

#include <openssl/evp.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace skald {
namespace {
constexpr char hex_digits[] = "0123456789abcdef";
constexpr std::size_t uuid_text_bytes = 36;

constexpr bool has_dash_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 9562 5.5. The digest and its context are kept: setting them up costs more than the hash.
uuid uuid_v5(const uuid& space, std::string_view name) {
  static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  struct freed {
    void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  };
  thread_local std::unique_ptr<EVP_MD_CTX, freed> context(EVP_MD_CTX_new());
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!EVP_DigestInit_ex2(context.get(), sha1, nullptr) ||
      !EVP_DigestUpdate(context.get(), space.bytes.data(), space.bytes.size()) ||
      !EVP_DigestUpdate(context.get(), name.data(), name.size()) ||
      !EVP_DigestFinal_ex(context.get(), digest, &size))
    throw std::runtime_error("OpenSSL cannot compute SHA-1, which saga ids are made of (UUIDv5)");
  uuid id;
  std::memcpy(id.bytes.data(), digest, id.bytes.size());
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x50);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

template <class N>
N little_endian(const char* p) {
  N n = 0;
  for (std::size_t i = 0; i < sizeof n; ++i)
    n |= static_cast<N>(static_cast<unsigned char>(p[i])) << (8 * i);
  return n;
}
}  // namespace

void append(std::string& out, const uuid& id) {
  char text[uuid_text_bytes];
  auto* p = text;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (has_dash_before(i)) *p++ = '-';
    *p++ = hex_digits[id.bytes[i] >> 4];
    *p++ = hex_digits[id.bytes[i] & 15];
  }
  out.append(text, sizeof text);
}

std::string to_string(const uuid& id) {
  std::string out;
  append(out, id);
  return out;
}

std::optional<uuid> parse_uuid(std::string_view s) {
  if (s.size() != uuid_text_bytes) return {};
  uuid id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (has_dash_before(i) && s[at++] != '-') return {};
    int high = hex_value(s[at++]), low = hex_value(s[at++]);
    if (high < 0 || low < 0) return {};
    id.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return id;
}

uuid saga_namespace(std::string_view definition) {
  constexpr uuid url{{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1,  //
                      0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
  return uuid_v5(url, "skald:" + std::string(definition));
}

uuid saga_id(const uuid& saga_namespace, std::string_view key) {
  return uuid_v5(saga_namespace, key);
}

namespace wire {
void append(std::string& out, const command_id& id) {
  append(out, id.saga);
  out.push_back('/');
  out.append(id.step);
  out.push_back('/');
  out.append(name(id.kind));
  out.push_back('/');
  char digits[5];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, id.n).ptr);
}

std::optional<command_id> parse_command_id(string_view s) {
  command_id id;
  auto saga = parse_uuid(s.substr(0, uuid_text_bytes));
  if (!saga || s.size() <= uuid_text_bytes || s[uuid_text_bytes] != '/') return {};
  id.saga = *saga;
  auto rest = s.substr(uuid_text_bytes + 1);
  auto slash = rest.find('/');
  if (slash == 0 || slash == rest.npos) return {};
  id.step = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  slash = rest.find('/');
  if (slash == rest.npos) return {};
  auto verb = rest.substr(0, slash), number = rest.substr(slash + 1);
  if (verb == name(kind::do_))
    id.kind = kind::do_;
  else if (verb == name(kind::undo))
    id.kind = kind::undo;
  else if (verb == name(kind::settle))
    id.kind = kind::settle;
  else
    return {};
  auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id.n);
  if (error != std::errc{} || end != number.data() + number.size()) return {};
  if (number.size() > 1 && number[0] == '0') return {};  // one spelling only: it is a key
  return id;
}
}  // namespace wire

// xxh64 with seed 0, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
std::uint64_t hash64(std::string_view s) {
  constexpr std::uint64_t p1 = 0x9e3779b185ebca87, p2 = 0xc2b2ae3d27d4eb4f, p3 = 0x165667b19e3779f9,
                          p4 = 0x85ebca77c2b2ae63, p5 = 0x27d4eb2f165667c5;
  auto round = [](std::uint64_t lane, std::uint64_t in) {
    return std::rotl(lane + in * p2, 31) * p1;
  };
  auto *p = s.data(), *end = p + s.size();
  std::uint64_t h = p5;
  if (s.size() >= 32) {
    std::array<std::uint64_t, 4> lanes{p1 + p2, p2, 0, 0 - p1};
    for (; end - p >= 32; p += 32)
      for (std::size_t i = 0; i < 4; ++i)
        lanes[i] = round(lanes[i], little_endian<std::uint64_t>(p + 8 * i));
    h = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
        std::rotl(lanes[3], 18);
    for (auto lane : lanes) h = (h ^ round(0, lane)) * p1 + p4;
  }
  h += s.size();
  for (; end - p >= 8; p += 8)
    h = std::rotl(h ^ round(0, little_endian<std::uint64_t>(p)), 27) * p1 + p4;
  for (; end - p >= 4; p += 4)
    h = std::rotl(h ^ little_endian<std::uint32_t>(p) * p1, 23) * p2 + p3;
  for (; p != end; ++p) h = std::rotl(h ^ static_cast<unsigned char>(*p) * p5, 11) * p1;
  h = (h ^ h >> 33) * p2;
  h = (h ^ h >> 29) * p3;
  h ^= h >> 32;
  return h ? h : 1;
}

std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions) {
  constexpr std::uint32_t m = 0x5bd1e995, seed = 0x9747b28c;
  auto *p = key.data(), *end = p + key.size();
  auto h = seed ^ static_cast<std::uint32_t>(key.size());
  for (; end - p >= 4; p += 4) {
    auto k = little_endian<std::uint32_t>(p) * m;
    h = (h * m) ^ ((k ^ k >> 24) * m);
  }
  auto left = end - p;
  if (left > 0) {
    for (auto i = left; i > 0; --i)
      h ^= static_cast<std::uint32_t>(static_cast<unsigned char>(p[i - 1])) << (8 * (i - 1));
    h *= m;
  }
  h = (h ^ h >> 13) * m;
  h ^= h >> 15;
  return static_cast<std::int32_t>((h & 0x7fffffff) % static_cast<std::uint32_t>(partitions));
}
}  // namespace skald
