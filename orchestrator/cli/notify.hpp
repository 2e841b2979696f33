// Tells systemd how far the service is (sd_notify's protocol): one datagram. Nothing happens when
// nobody listens.
#pragma once
#include <string_view>

namespace skald::cli {
void tell_systemd(std::string_view state);  // "READY=1", "STOPPING=1"
}  // namespace skald::cli
