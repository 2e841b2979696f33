#include "orchestrator/http/server.hpp"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <vector>

#include "orchestrator/http/problem.hpp"
#include "orchestrator/http/streams.hpp"
#include "tests/support/text.hpp"

using namespace skald::http;
using skald::test::has;

namespace {
int connected(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
  return socket;
}

// A client that sends bytes as they are and reads until the peer closes or `enough` says so.
struct raw_client {
  explicit raw_client(std::uint16_t port) : socket(connected(port)) {}
  raw_client(const raw_client&) = delete;
  ~raw_client() { ::close(socket); }
  void send(std::string_view bytes) {
    CHECK(::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) == ssize_t(bytes.size()));
  }
  std::string read_until(std::string_view end) {
    while (seen.find(end) == std::string::npos && read_some()) {
    }
    return seen;
  }
  std::string read_all() {
    while (read_some()) {
    }
    return seen;
  }
  bool read_some() {
    char piece[4096];
    const auto n = ::recv(socket, piece, sizeof piece, 0);
    if (n > 0) seen.append(piece, std::size_t(n));
    return n > 0;
  }
  const int socket;
  std::string seen;
};

principal by_name(std::string_view key) {
  if (key == "v") return {"v", role::viewer};
  if (key == "o") return {"o", role::operator_};
  return {};
}

struct running_server {
  explicit running_server(server_settings settings = {}) {
    routes.add({"GET", "/free", role::anyone, [](const request&) { return response{}; }});
    routes.add({"POST", "/v1/echo/{word}", role::viewer, [](const request& q) {
                  response out;
                  out.body =
                      q.parameters.at("word") + "|" + std::string(*q.asked("say")) + "|" + q.body;
                  return out;
                }});
    routes.add({"GET", "/v1/echo/all", role::anyone, [](const request&) { return response{}; }});
    routes.add({"GET", "/v1/act", role::operator_, [](const request&) { return response{}; }});
    routes.add({"GET", "/throws", role::anyone,
                [](const request&) -> response { throw std::runtime_error("a secret"); }});
    routes.add({"GET", "/away", role::anyone,
                [](const request&) -> response { throw unavailable("PostgreSQL is away."); }});
    routes.add({"GET", "/blocks", role::anyone, [this](const request&) {
                  entered.set_value();
                  released.get_future().wait();
                  return response{};
                }});
    routes.add({"GET", "/events", role::anyone, [this](const request& q) {
                  response out;
                  out.stream = hub.subscribe({}, parse_cursor(q.header("last-event-id"))).client;
                  return out.stream ? out : problem(410, "gone", "Gone", "Too old.");
                }});
    routes.add({"GET", "/quick", role::anyone, [](const request&) { return response{}; }, true});
    routes.add({"GET", "/patient", role::anyone, [this](const request&) {
                  response not_yet;
                  not_yet.again_after = std::chrono::milliseconds(1);
                  not_yet.again = [this]() -> response {
                    if (++turns < 3) return routes.routes().back().answer({});
                    throw refusal(problem(409, "enough", "Enough", "Asked three times."));
                  };
                  return not_yet;
                }});
    hub.begin({0, 0});
    hub.open();
    all.emplace(settings, routes, by_name);
    all->start();
  }
  std::string ask(std::string_view head, std::string_view body = "") {
    raw_client client(all->port());
    client.send(std::string(head) + "\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return client.read_all();
  }
  std::promise<void> entered, released;
  int turns = 0;
  stream_hub hub;
  router routes;
  std::optional<server> all;
};

bool starts(const std::string& text, std::string_view head) {
  return text.compare(0, head.size(), head) == 0;
}
}  // namespace

TEST_CASE("a request reaches its handler with parameters, query and body decoded") {
  running_server s;
  const auto answer =
      s.ask("POST /v1/echo/a%20b%2Fc?say=x%2By+z HTTP/1.1\r\nAuthorization: Bearer v", "body");
  CHECK(starts(answer, "HTTP/1.1 200 OK"));
  CHECK(has(answer, "\r\n\r\na b/c|x+y z|body"));
}

TEST_CASE("what is not there, not allowed or not understood has its own problem") {
  running_server s;
  CHECK(starts(s.ask("GET /nowhere HTTP/1.1"), "HTTP/1.1 404"));
  const auto wrong = s.ask("PUT /free HTTP/1.1");
  CHECK(starts(wrong, "HTTP/1.1 405"));
  CHECK(has(wrong, "Allow: GET"));
  CHECK(has(s.ask("PUT /v1/echo/all HTTP/1.1"), "Allow: GET\r\n"));  // not POST /v1/echo/{word}
  CHECK(starts(s.ask("GET /v1/act HTTP/1.1"), "HTTP/1.1 401"));
  CHECK(starts(s.ask("GET /v1/act HTTP/1.1\r\nAuthorization: Bearer v"), "HTTP/1.1 403"));
  CHECK(starts(s.ask("GET /v1/act HTTP/1.1\r\nAuthorization: Bearer o"), "HTTP/1.1 200"));
  CHECK(starts(s.ask("POST /v1/echo/{word}?say=x HTTP/1.1\r\nAuthorization: Bearer v"),
               "HTTP/1.1 200"));
  CHECK(starts(s.ask("GET /free?a=%zz HTTP/1.1"), "HTTP/1.1 400"));
  CHECK(starts(s.ask("GET /free%00 HTTP/1.1"), "HTTP/1.1 400"));
  CHECK(starts(s.ask("nonsense"), "HTTP/1.1 400"));
  CHECK(has(s.ask("GET /nowhere HTTP/1.1"), "application/problem+json"));
}

TEST_CASE("a handler's exception is a 500 that does not tell its text, or a 503 that does") {
  running_server s;
  const auto inner = s.ask("GET /throws HTTP/1.1");
  CHECK(starts(inner, "HTTP/1.1 500"));
  CHECK_FALSE(has(inner, "a secret"));
  const auto away = s.ask("GET /away HTTP/1.1");
  CHECK(starts(away, "HTTP/1.1 503"));
  CHECK(has(away, "PostgreSQL is away."));
  CHECK(has(away, "Retry-After: 1"));
}

TEST_CASE("large bodies and headers are refused with the bound") {
  server_settings settings;
  settings.max_body_bytes = 100;
  settings.max_header_bytes = 1000;
  running_server s(settings);
  CHECK(starts(s.ask("POST /v1/echo/x HTTP/1.1", std::string(101, 'x')), "HTTP/1.1 413"));
  CHECK(starts(s.ask("GET /free HTTP/1.1\r\nX: " + std::string(2000, 'x')), "HTTP/1.1 431"));
}

// Closed with unread bytes, a connection is reset, and the peer's system forgets the answer.
TEST_CASE("who is refused in the middle of its request can end it and then read why") {
  server_settings settings;
  settings.max_body_bytes = 100;
  running_server s(settings);
  const auto said = s.ask("POST /v1/echo/x HTTP/1.1", std::string(4 << 20, 'x'));
  CHECK(starts(said, "HTTP/1.1 413"));
}

TEST_CASE("a silent peer is let go when its time is over") {
  server_settings settings;
  settings.idle_timeout = std::chrono::seconds(1);
  running_server s(settings);
  raw_client slow(s.all->port());
  slow.send("GET /free HTT");
  CHECK(slow.read_all().empty());
}

TEST_CASE("HEAD has the head of GET and no body; a connection serves several requests") {
  running_server s;
  raw_client client(s.all->port());
  client.send("HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto head = client.read_until("\r\n\r\n");
  CHECK(starts(head, "HTTP/1.1 404"));
  CHECK(head.substr(head.size() - 4) == "\r\n\r\n");
  client.seen.clear();
  client.send("GET /free HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(starts(client.read_until("\r\n\r\n"), "HTTP/1.1 200"));
}

TEST_CASE("over the bound of waiting requests the answer is 503") {
  server_settings settings;
  settings.workers = 1;
  settings.max_waiting = 1;
  running_server s(settings);
  raw_client first(s.all->port());
  first.send("GET /blocks HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  s.entered.get_future().wait();
  CHECK(starts(s.ask("GET /free HTTP/1.1"), "HTTP/1.1 503"));
  s.released.set_value();
  CHECK(starts(first.read_all(), "HTTP/1.1 200"));
}

TEST_CASE("events reach a client, and one that comes back gets what it missed") {
  running_server s;
  s.hub.publish({0, 0, "started", "saga-a", "vending", "{\"n\":1}"});
  s.hub.publish({1, 0, "completed", "saga-a", "vending", "{\"n\":2}"});
  raw_client client(s.all->port());
  client.send("GET /events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 1.0\r\n\r\n");
  const auto text = client.read_until("{\"n\":2}\n\n");
  CHECK(has(text, "text/event-stream"));
  CHECK_FALSE(has(text, "{\"n\":1}"));
  CHECK(has(text, "id: 1.1\nevent: completed\ndata: {\"n\":2}\n\n"));
  s.hub.publish({0, 1, "started", "saga-b", "vending", "{\"n\":3}"});
  CHECK(has(client.read_until("{\"n\":3}\n\n"), "id: 2.1\n"));
  CHECK(starts(s.ask("GET /events HTTP/1.1\r\nLast-Event-ID: 0"), "HTTP/1.1 410"));
}

TEST_CASE("many idle streams are held, and everybody else is answered as before") {
  running_server s;
  std::vector<std::unique_ptr<raw_client>> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<raw_client>(s.all->port()));
    idle.back()->send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  for (auto& c : idle) c->read_until("id: 0.0\n\n");
  CHECK(s.hub.clients() == idle.size());
  CHECK(starts(s.ask("GET /free HTTP/1.1"), "HTTP/1.1 200"));
  s.hub.publish({0, 0, "started", "s", "vending", "{}"});
  for (auto& c : idle) CHECK(has(c->read_until("event: started"), "event: started"));
}

TEST_CASE("a request may wait for long without holding a worker") {
  running_server s;
  CHECK(starts(s.ask("GET /patient HTTP/1.1"), "HTTP/1.1 409"));
  CHECK(s.turns == 3);
}

TEST_CASE("a handler that hangs is answered for in time; quick routes do not wait behind it") {
  server_settings settings;
  settings.workers = 1;
  settings.answer_within = std::chrono::milliseconds(50);
  running_server s(settings);
  CHECK(starts(s.ask("GET /blocks HTTP/1.1"), "HTTP/1.1 503"));
  CHECK(starts(s.ask("GET /quick HTTP/1.1"), "HTTP/1.1 200"));
  s.released.set_value();
}

TEST_CASE("without keys only local names are answered") {
  server_settings settings;
  settings.local_names_only = true;
  running_server s(settings);
  CHECK(starts(s.ask("GET /free HTTP/1.1"), "HTTP/1.1 421"));  // its host is x
  for (const std::string host : {"localhost", "127.0.0.1:8080", "[::1]:8080"}) {
    raw_client client(s.all->port());
    client.send("GET /free HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
    CHECK(starts(client.read_all(), "HTTP/1.1 200"));
  }
}

TEST_CASE("stop with connections open waits for nobody, and twice is legal") {
  running_server s;
  raw_client idle(s.all->port()), streaming(s.all->port());
  streaming.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  streaming.read_until("\r\n\r\n");
  CHECK(s.all->connections() == 2);
  s.all->stop();
  s.all->stop();
}

namespace {
// A certificate that signs itself, and its key, in a folder of their own.
struct certificate {
  certificate() {
    std::filesystem::create_directory(folder);
    auto* const key_pair = EVP_EC_gen("P-256");
    auto* const x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_pair);
    X509_sign(x, key_pair, EVP_sha256());
    auto* file = std::fopen(chain().c_str(), "w");
    PEM_write_X509(file, x);
    std::fclose(file);
    file = std::fopen(key().c_str(), "w");
    PEM_write_PrivateKey(file, key_pair, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(x);
    EVP_PKEY_free(key_pair);
  }
  ~certificate() { std::filesystem::remove_all(folder); }
  std::string chain() const { return folder / "chain.pem"; }
  std::string key() const { return folder / "key.pem"; }
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("skald-tls-" + std::to_string(::getpid()));
};
}  // namespace

TEST_CASE("over TLS: requests and streams; a peer that speaks plain HTTP is let go") {
  const certificate own;
  server_settings settings;
  settings.certificate_file = own.chain();
  settings.key_file = own.key();
  running_server s(settings);
  const raw_client under(s.all->port());
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> trust(SSL_CTX_new(TLS_client_method()),
                                                           SSL_CTX_free);
  const std::unique_ptr<SSL, void (*)(SSL*)> client(SSL_new(trust.get()), SSL_free);
  SSL_set_fd(client.get(), under.socket);
  REQUIRE(SSL_connect(client.get()) == 1);
  std::string seen;
  const auto read_until = [&](std::string_view end) {
    char piece[4096];
    for (int n = 1; n > 0 && seen.find(end) == std::string::npos;) {
      n = SSL_read(client.get(), piece, sizeof piece);
      if (n > 0) seen.append(piece, std::size_t(n));
    }
  };
  const auto ask = [&](const std::string& target) {
    const auto text = "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n";
    REQUIRE(SSL_write(client.get(), text.data(), int(text.size())) == int(text.size()));
  };
  ask("/free");
  read_until("\r\n\r\n");
  CHECK(starts(seen, "HTTP/1.1 200"));
  ask("/events");
  read_until("id: 0.0\n\n");
  s.hub.publish({0, 0, "started", "s", "vending", "{}"});
  read_until("event: started");
  CHECK(has(seen, "event: started"));
  raw_client plain(s.all->port());
  plain.send("GET /free HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_FALSE(has(plain.read_all(), "200 OK"));
  settings.key_file = "nowhere.pem";
  CHECK_THROWS_WITH_AS(server(settings, s.routes, by_name), doctest::Contains("nowhere.pem"),
                       std::runtime_error);
}
