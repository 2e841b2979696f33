#include "orchestrator/http/connection.hpp"

namespace skald::http {
namespace {
class plain final : public connection {
 public:
  explicit plain(tcp::socket socket) : socket_(std::move(socket)) {}

  void open(done then) override {
    asio::post(socket_.get_executor(), [then = std::move(then)] { then({}); });
  }
  void read_some(asio::mutable_buffer into, got then) override {
    socket_.async_read_some(into, std::move(then));
  }
  void write(const std::vector<asio::const_buffer>& all, done then) override {
    asio::async_write(socket_, all,
                      [then = std::move(then)](error_code failed, std::size_t) { then(failed); });
  }
  void say_goodbye(done then) override {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    open(std::move(then));
  }
  void cut() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

class encrypted final : public connection {
 public:
  encrypted(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}

  void open(done then) override {
    stream_.async_handshake(asio::ssl::stream_base::server, std::move(then));
  }
  void read_some(asio::mutable_buffer into, got then) override {
    stream_.async_read_some(into, std::move(then));
  }
  void write(const std::vector<asio::const_buffer>& all, done then) override {
    asio::async_write(stream_, all,
                      [then = std::move(then)](error_code failed, std::size_t) { then(failed); });
  }
  void say_goodbye(done then) override { stream_.async_shutdown(std::move(then)); }
  void cut() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  asio::ssl::stream<tcp::socket> stream_;
};
}  // namespace

std::unique_ptr<connection> plain_connection(tcp::socket socket) {
  return std::make_unique<plain>(std::move(socket));
}
std::unique_ptr<connection> tls_connection(tcp::socket socket, asio::ssl::context& tls) {
  return std::make_unique<encrypted>(std::move(socket), tls);
}
}  // namespace skald::http
