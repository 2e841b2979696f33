// What goes into table quarantine: the bytes of a record that cannot be applied, and why.
#pragma once
#include <string_view>

#include "orchestrator/store.hpp"
#include "outbox/frame.hpp"
#include "outbox/wire.hpp"

namespace skald {
quarantine_write quarantined(std::int16_t shard, const wire::record&, std::string_view reason);
quarantine_write quarantined(std::int16_t shard, const wire::frame&, std::string_view reason);
}  // namespace skald
