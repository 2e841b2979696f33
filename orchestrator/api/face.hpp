// The API as `skald serve` runs it: the HTTP server, its handlers, and the loops that feed them.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/backend.hpp"
#include "orchestrator/http/server.hpp"

namespace skald::api {
struct face_settings {
  http::server_settings server;
  skald::settings service;  // beside it
  // Everybody who reaches the loopback address is an admin: for `skald dev` alone.
  bool without_keys = false;
  std::function<void(const std::string&)> report;  // a sentence for the log
  std::chrono::milliseconds books_within{5'000};  // a participant has to answer for its books
};

// What it asks of the service beside it. Any thread, never waits.
struct served {
  std::function<std::string(std::size_t streams)> metrics_text;  // open event streams
  std::function<bool()> healthy;
  std::function<bool()> takes_starts;
};

// "127.0.0.1:8080", "[::1]:8080". Nothing: it is no address and port.
struct endpoint {
  std::string address;
  std::uint16_t port = 0;
  bool loopback = false;
};
std::optional<endpoint> parse_endpoint(std::string_view);

class face {
 public:
  // Throws std::runtime_error with one sentence when it cannot listen or read the certificate,
  // when it would be reached from outside without keys, and pg::error.
  face(face_settings, served);
  ~face();  // stops

  void start();
  void stop();  // waits; twice is legal
  std::uint16_t port() const;
  const http::router& routes() const;

 private:
  struct parts;
  std::unique_ptr<parts> parts_;
};
}  // namespace skald::api
