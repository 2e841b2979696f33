// The HTTP server: one network thread for all connections, a few workers for the handlers.
//
// Everything a peer can make large or slow is bounded by a setting here. Handlers may block (they
// ask PostgreSQL); at most `workers` do at once, at most `max_waiting` requests wait for one,
// further ones are answered 503.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "orchestrator/http/router.hpp"

namespace skald::http {
struct server_settings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                  // 0: any free one, see port()
  std::string certificate_file, key_file;  // both: TLS; neither: plain
  std::size_t workers = 4;
  std::size_t max_waiting = 256;
  std::size_t max_connections = 10'000;
  std::size_t max_body_bytes = 1 << 20;
  std::uint32_t max_header_bytes = 16 << 10;
  std::chrono::seconds idle_timeout{30};  // for a whole request to arrive, for a write to end
  std::chrono::milliseconds answer_within{15'000};  // of each turn of a handler; then 503
  // Told of every answer, on the network thread; `route` is a pattern, or empty. May be empty.
  std::function<void(std::string_view route, unsigned status, double seconds)> answered;
  bool local_names_only = false;  // refuse a Host that is not localhost: for serving without keys
};

// Who a presented key belongs to. An unknown key is `anyone`. Called on a worker; may block.
using authenticate = std::function<principal(std::string_view key)>;

class server {
 public:
  // Throws std::runtime_error with one sentence when the address cannot be listened on or the
  // certificate cannot be read. The routes must outlive the server.
  server(server_settings, const router&, authenticate);
  ~server();  // stops

  void start();
  void stop();  // waits for the handlers under way, closes all connections; twice is legal
  std::uint16_t port() const;
  std::size_t connections() const;

  struct parts;

 private:
  std::unique_ptr<parts> parts_;
};
}  // namespace skald::http
