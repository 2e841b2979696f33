#include "orchestrator/dev/private_postgres.hpp"

#include <doctest/doctest.h>
#include <libpq-fe.h>
#include <signal.h>

#include <memory>

namespace {
std::string ask(const std::string& url, const char* sql) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> db(PQconnectdb(url.c_str()), PQfinish);
  REQUIRE_MESSAGE(PQstatus(db.get()) == CONNECTION_OK, PQerrorMessage(db.get()));
  const std::unique_ptr<PGresult, void (*)(PGresult*)> rows(PQexec(db.get(), sql), PQclear);
  REQUIRE(PQntuples(rows.get()) == 1);
  return PQgetvalue(rows.get(), 0, 0);
}
}  // namespace

TEST_CASE("a private PostgreSQL serves, makes databases, and is gone with its folder") {
  pid_t pid = 0;
  std::string folder;
  {
    skald::dev::private_postgres server;
    pid = server.pid();
    folder = ask(server.url(), "show data_directory");
    CHECK(ask(server.url(), "show listen_addresses").empty());
    CHECK(ask(server.url(), "show server_version").starts_with(server.version()));
    server.create_database("coins");
    CHECK(ask(server.url("coins"), "select current_database()") == "coins");
    CHECK_THROWS_AS(server.create_database("coins"), std::runtime_error);
  }
  CHECK(kill(pid, 0) == -1);
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("with reach by TCP it is the password that lets one in") {
  const skald::dev::private_postgres server(skald::dev::private_postgres::reach::loopback);
  const auto url = server.loopback_url("postgres");
  CHECK(ask(url, "select inet_server_addr()") == "127.0.0.1");
  CHECK(ask(server.url(), "select inet_server_addr() is null") == "t");
  const auto password = url.find(':', url.find("skald")) + 1;
  const auto wrong = std::string(url).replace(password, 1, url[password] == 'a' ? "b" : "a");
  const std::unique_ptr<PGconn, void (*)(PGconn*)> db(PQconnectdb(wrong.c_str()), PQfinish);
  CHECK(PQstatus(db.get()) == CONNECTION_BAD);
}
