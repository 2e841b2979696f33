// A port of the loopback address that nobody listens on, for `skald dev`.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace skald::dev {
inline constexpr int first_port = 8080, ports_tried = 100;

inline bool is_free(int port) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0) return false;
  const int yes = 1;
  ::setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool free = ::bind(s, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
                    ::listen(s, 1) == 0;
  ::close(s);
  return free;
}

// "127.0.0.1:8080", or with the next port that is free; empty: none of 100 is.
inline std::string free_address() {
  for (int port = first_port; port < first_port + ports_tried; ++port)
    if (is_free(port)) return "127.0.0.1:" + std::to_string(port);
  return {};
}
}  // namespace skald::dev
