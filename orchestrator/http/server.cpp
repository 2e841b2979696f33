#include "orchestrator/http/server.hpp"

#include <spdlog/spdlog.h>

#include <optional>
#include <stdexcept>
#include <thread>

#include "orchestrator/http/session.hpp"

namespace skald::http {
struct server::parts {
  parts(server_settings settings, const router& routes, http::authenticate who)
      : all{std::move(settings), routes, std::move(who), network, workers},
        workers(all.settings.workers),
        acceptor(network) {}

  void listen();
  void accept();
  void take(tcp::socket);

  shared_state all;  // first: sessions end with `network` and still count themselves out
  asio::io_context network{1};
  asio::thread_pool workers;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  std::thread thread;
};

namespace {
asio::ssl::context make_tls(const server_settings& s) {
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
  error_code failed;
  tls.use_certificate_chain_file(s.certificate_file, failed);
  if (failed)
    throw std::runtime_error("The certificate " + s.certificate_file +
                             " cannot be read: " + failed.message() + ".");
  tls.use_private_key_file(s.key_file, asio::ssl::context::pem, failed);
  if (failed)
    throw std::runtime_error("The key " + s.key_file + " cannot be read: " + failed.message() +
                             ".");
  return tls;
}
}  // namespace

void server::parts::listen() {
  const server_settings& s = all.settings;
  if (!s.certificate_file.empty()) tls.emplace(make_tls(s));
  error_code failed;
  const auto address = asio::ip::make_address(s.address, failed);
  if (failed) throw std::runtime_error("`" + s.address + "` is not an IP address.");
  const tcp::endpoint at(address, s.port);
  acceptor.open(at.protocol());
  acceptor.set_option(asio::socket_base::reuse_address(true));
  acceptor.bind(at, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed)
    throw std::runtime_error("Cannot listen on " + s.address + ":" + std::to_string(s.port) + ": " +
                             failed.message() + "; choose another port.");
}

void server::parts::accept() {
  acceptor.async_accept(network, [this](error_code failed, tcp::socket socket) {
    if (all.stopping || failed == asio::error::operation_aborted) return;
    // Over the limit, or out of descriptors: the peer is let go; the others are not harmed.
    if (!failed && all.connections < all.settings.max_connections) take(std::move(socket));
    accept();
  });
}

void server::parts::take(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  run_session(all,
              tls ? tls_connection(std::move(socket), *tls) : plain_connection(std::move(socket)));
}

server::server(server_settings settings, const router& routes, http::authenticate who)
    : parts_(std::make_unique<parts>(std::move(settings), routes, std::move(who))) {
  parts_->listen();
}

server::~server() {
  stop();
}

void server::start() {
  if (parts_->thread.joinable()) return;
  parts_->accept();
  parts_->thread = std::thread([this] { parts_->network.run(); });
}

void server::stop() {
  if (!parts_->thread.joinable()) return;
  parts_->all.stopping = true;
  parts_->workers.join();  // handlers under way end; their answers are not waited for
  parts_->network.stop();
  parts_->thread.join();
}

std::uint16_t server::port() const {
  return parts_->acceptor.local_endpoint().port();
}
std::size_t server::connections() const {
  return parts_->all.connections;
}
}  // namespace skald::http
