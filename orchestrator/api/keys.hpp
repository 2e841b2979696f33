// API keys: made, listed and revoked by an administrator; only their SHA-256 is stored.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/message.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::api {
struct stored_key {
  std::int64_t no = 0;
  std::string name, role, created_at, revoked_at;  // RFC 3339; empty: never
};

std::string_view name(http::role);  // viewer, operator, admin
std::optional<http::role> role_named(std::string_view);

// The key itself, to be shown once: "skald_" and 64 hex digits. `problem`: a sentence why not.
struct made_key {
  std::string key, problem;
};
inline constexpr std::size_t max_keys = 1'000;  // live ones
made_key make_key(pg::connection&, const std::string& name, http::role, std::string_view actor);
// False: there is no live key of that name.
bool revoke_key(pg::connection&, const std::string& name, std::string_view actor,
                std::string_view reason);
std::vector<stored_key> keys(pg::connection&);

// The live keys in memory. One thread at a time; copies are cheap enough.
class keyring {
 public:
  struct entry {
    std::string hash;  // 32 bytes
    http::principal owner;
  };
  explicit keyring(std::vector<entry> all = {}) : all_(std::move(all)) {}
  // Compares with every key in constant time. Nobody's key: an `anyone`.
  http::principal owner(std::string_view key) const;
  bool empty() const { return all_.empty(); }

 private:
  std::vector<entry> all_;
};
keyring read_keyring(pg::connection&);
std::string hash_of_key(std::string_view);  // 32 bytes
}  // namespace skald::api
