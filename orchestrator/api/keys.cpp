#include "orchestrator/api/keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "orchestrator/replay/describe.hpp"
#include "orchestrator/sql.hpp"

namespace skald::api {
namespace {
constexpr std::string_view beginning = "skald_";
constexpr std::size_t random_bytes = 32, longest_name = 64, longest_key = 256;
constexpr std::array<std::string_view, 4> role_names{"anyone", "viewer", "operator", "admin"};

std::string new_key() {
  static constexpr char digits[] = "0123456789abcdef";
  std::array<unsigned char, random_bytes> bytes;
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random bytes for a key");
  std::string key(beginning);
  for (const auto byte : bytes) {
    key += digits[byte >> 4];
    key += digits[byte & 15];
  }
  return key;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == '@';
         });
}
}  // namespace

std::string_view name(http::role r) {
  return role_names[static_cast<std::size_t>(r)];
}

std::optional<http::role> role_named(std::string_view text) {
  for (std::size_t i = 1; i < role_names.size(); ++i)
    if (role_names[i] == text) return static_cast<http::role>(i);
  return std::nullopt;
}

std::string hash_of_key(std::string_view key) {
  std::string hash(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(key.data()), key.size(),
         reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

made_key make_key(pg::connection& to, const std::string& name, http::role role,
                  std::string_view actor) {
  if (!is_name(name)) return {{}, "a key's name is 1 to 64 letters, digits and any of - _ . @"};
  const auto key = new_key();
  pg::transaction t(to);
  t.exec(sql::api_key::lock);
  if (t.exec(sql::api_key::live_count).number(0, 0) >= static_cast<std::int64_t>(max_keys))
    return {{}, "there are " + std::to_string(max_keys) + " live keys; revoke some first"};
  if (t.exec(sql::api_key::known, {name}).number(0, 0) > 0)
    return {{}, "there is a key " + name + " already, or it was revoked; take another name"};
  t.exec(sql::api_key::insert, {name, pg::bytes{hash_of_key(key)}, api::name(role)});
  t.exec(sql::installation::audit, {actor, "key create", name, api::name(role)});
  t.commit();
  return {key, {}};
}

bool revoke_key(pg::connection& to, const std::string& name, std::string_view actor,
                std::string_view reason) {
  pg::transaction t(to);
  if (t.exec(sql::api_key::revoke, {name}).rows() == 0) return false;
  t.exec(sql::installation::audit, {actor, "key revoke", name, reason});
  t.commit();
  return true;
}

std::vector<stored_key> keys(pg::connection& from) {
  const auto rows = from.exec(sql::api_key::list);
  std::vector<stored_key> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({.no = rows.number(i, 0),
                   .name = rows.text(i, 1),
                   .role = rows.text(i, 2),
                   .created_at = time_text(rows.number(i, 3)),
                   .revoked_at = rows.is_null(i, 4) ? "" : time_text(rows.number(i, 4))});
  return all;
}

keyring read_keyring(pg::connection& from) {
  const auto rows = from.exec(sql::api_key::live);
  std::vector<keyring::entry> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    if (const auto role = role_named(rows.text(i, 1)))
      all.push_back({rows.data(i, 2), {rows.text(i, 0), *role}});
  return keyring(std::move(all));
}

http::principal keyring::owner(std::string_view key) const {
  http::principal found;
  if (key.empty() || key.size() > longest_key) return found;
  const auto hash = hash_of_key(key);
  for (const auto& known : all_)
    if (known.hash.size() == hash.size() &&
        CRYPTO_memcmp(known.hash.data(), hash.data(), hash.size()) == 0)
      found = known.owner;
  return found;
}
}  // namespace skald::api
