// Derived identities: saga ids, command ids, partitions. All pure.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "outbox/wire.hpp"

namespace skald {
struct uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const uuid&) const = default;
};
std::string to_string(const uuid&);                       // 36 characters, lower case
void append(std::string& out, const uuid&);
std::optional<uuid> parse_uuid(std::string_view);         // exactly 36 characters, any case

// UUIDv5(UUIDv5(NAMESPACE_URL, "skald:" + definition), key). The inner one is worth caching.
uuid saga_namespace(std::string_view definition);
uuid saga_id(const uuid& saga_namespace, std::string_view key);

namespace wire {
// "<saga id>/<step>/<do, undo or settle>/<n>": the idempotency key of a command.
struct command_id {
  uuid saga;
  string_view step;
  wire::kind kind = kind::do_;
  std::uint16_t n = 0;
};
void append(std::string& out, const command_id&);
std::optional<command_id> parse_command_id(string_view);
}  // namespace wire

// 64-bit hash (xxh64 as published) used for occurrences; never 0.
std::uint64_t hash64(std::string_view);

// Java's murmur2 partitioner: what `partitioner=murmur2_random` does for a keyed record.
std::int32_t murmur2_partition(std::string_view key, std::int32_t partitions);
}  // namespace skald
