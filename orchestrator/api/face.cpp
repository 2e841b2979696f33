#include "orchestrator/api/face.hpp"

#include <charconv>
#include <mutex>

#include "orchestrator/api/keys.hpp"
#include "orchestrator/api/saga_event_tail.hpp"
#include "orchestrator/loop.hpp"

namespace skald::api {
namespace {
using steady = std::chrono::steady_clock;
constexpr milliseconds keys_every{1'000};
constexpr std::chrono::seconds keys_good_for{60};  // when the database is away

// The live keys, read again each second.
class fresh_keys {
 public:
  fresh_keys(std::string url, std::function<void(const std::string&)> report)
      : url_(std::move(url)),
        loop_(
            keys_every, [this] { read(); }, std::move(report)) {}

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }

  void read() {
    if (!database_ || !database_->is_open()) database_.emplace(url_);
    auto now = read_keyring(*database_);
    const std::lock_guard lock(guard_);
    all_ = std::move(now);
    read_at_ = steady::now();
  }
  bool fresh() const {
    const std::lock_guard lock(guard_);
    return steady::now() - read_at_ < keys_good_for;
  }
  bool none() const {
    const std::lock_guard lock(guard_);
    return all_.empty();
  }
  http::principal owner(std::string_view key) const {
    const std::lock_guard lock(guard_);
    if (steady::now() - read_at_ >= keys_good_for)
      throw http::unavailable("Keys cannot be checked now; try again.");
    return all_.owner(key);
  }

 private:
  const std::string url_;
  std::optional<pg::connection> database_;  // of the loop
  mutable std::mutex guard_;
  keyring all_;
  steady::time_point read_at_{};
  loop loop_;
};
}  // namespace

std::optional<endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  const auto port = text.substr(colon + 1);
  endpoint out;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failed != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != host.npos)
    return std::nullopt;
  out.address = host;
  out.loopback = host == "::1" || host.starts_with("127.");
  return out;
}

struct face::parts {
  parts(face_settings s, served of)
      : settings(std::move(s)),
        service(std::move(of)),
        databases(settings.service.postgres_url),
        keys(settings.service.postgres_url, settings.report),
        sender([this](log_writer::on_delivery told) {
          return kafka::open_writer(settings.service.kafka, {}, std::move(told));
        }),
        tail(settings.service.kafka, settings.service.prefix + ".saga-events", events,
             settings.report),
        back{settings.service,
             databases,
             active,
             events,
             books,
             settings.books_within,
             [this](requests::record r) { return sender.send(std::move(r)); },
             [this] { return kafka::open_admin(settings.service.kafka); },
             [this] { return service.metrics_text(events.clients()); },
             [this] { return checks(); },
             service.takes_starts} {
    add_routes(routes, back);
  }

  std::vector<check> checks() const {
    return {{"workers", service.healthy()},
            {"keys", settings.without_keys || keys.fresh()},
            {"events", events.is_open()}};
  }

  std::unique_ptr<skald::books> open_books() const {
    const auto inbox = settings.service.prefix + ".inbox";
    const auto shards = kafka::open_admin(settings.service.kafka)->partitions(inbox);
    if (shards == 0) throw log_error("There is no topic " + inbox + ".");
    return std::make_unique<skald::books>(settings.service.kafka, inbox, shards);
  }

  http::principal who(std::string_view key) const {
    if (settings.without_keys) return {"anonymous", http::role::admin};
    if (key.empty()) return {};
    return keys.owner(key);
  }

  const face_settings settings;
  const served service;
  api::databases databases;
  active_definitions active;
  http::stream_hub events;
  books_desk books{[this] { return open_books(); }};
  fresh_keys keys;
  record_sender sender;
  saga_event_tail tail;
  backend back;
  http::router routes;
  std::optional<http::server> server;
};

face::face(face_settings s, served of) {
  s.server.local_names_only = s.without_keys;
  parts_ = std::make_unique<parts>(std::move(s), std::move(of));
  auto& p = *parts_;
  const auto& at = p.settings.server.address;
  const bool loopback = at == "::1" || at.starts_with("127.");
  if (p.settings.without_keys && !loopback)
    throw std::runtime_error("Without keys only a loopback address can be served, not " + at + ".");
  if (!p.settings.without_keys) p.keys.read();
  if (!p.settings.without_keys && !loopback && p.keys.none())
    throw std::runtime_error("There is no API key yet, so nobody could use " + at +
                             ". Make one first: skald key create NAME --role admin.");
  p.server.emplace(p.settings.server, p.routes, [&p](std::string_view key) { return p.who(key); });
}

face::~face() {
  stop();
}

void face::start() {
  auto& p = *parts_;
  if (!p.settings.without_keys) p.keys.start();
  p.sender.start();
  p.tail.start();
  p.server->start();
}

void face::stop() {
  if (!parts_ || !parts_->server) return;
  parts_->server->stop();
  parts_->tail.stop();
  parts_->sender.stop();
  parts_->keys.stop();
}

std::uint16_t face::port() const {
  return parts_->server->port();
}
const http::router& face::routes() const {
  return parts_->routes;
}
}  // namespace skald::api
