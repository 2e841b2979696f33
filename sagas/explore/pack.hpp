// Worlds as few bits: the same bytes for the same world, and back.
#pragma once
#include <cstdint>
#include <vector>

#include "sagas/explore/world.hpp"

namespace skald::explore {
void pack(const definition&, const world&, std::vector<std::uint8_t>& out);  // replaces `out`
void unpack(const definition&, const std::uint8_t* bytes, world& out);
}  // namespace skald::explore
