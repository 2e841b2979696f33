#pragma once
#include "outbox/kafka/connection.hpp"
#include "outbox/relay.hpp"

namespace skald::kafka {
// The writers of a relay. `settings` are those of the normal one.
relay::open_log relay_log(connection, writer_settings settings = {});
}  // namespace skald::kafka
