// The bytes of one connection, plain or over TLS, behind virtual functions: Asio's operations are
// templates over the kind of stream, and to compile a session twice with them took minutes.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "orchestrator/http/net.hpp"

namespace skald::http {
// Network thread only. What an operation uses must live until it calls back, which it does once,
// never before it has returned; with an error after cut().
class connection {
 public:
  using done = std::function<void(error_code)>;
  using got = std::function<void(error_code, std::size_t bytes)>;

  virtual ~connection() = default;
  virtual void open(done) = 0;  // the handshake of TLS
  virtual void read_some(asio::mutable_buffer, got) = 0;
  virtual void write(const std::vector<asio::const_buffer>&, done) = 0;  // all of it
  virtual void say_goodbye(done) = 0;                                    // nothing is written after
  virtual void cut() = 0;
};

std::unique_ptr<connection> plain_connection(tcp::socket);
std::unique_ptr<connection> tls_connection(tcp::socket,
                                           asio::ssl::context&);  // the context lives on
}  // namespace skald::http
