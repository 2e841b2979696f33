// A database of a test's own on the PostgreSQL that SKALD_TEST_POSTGRES names.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>

#include "outbox/postgres/connection.hpp"

namespace skald::test {
inline std::string server_url() {
  const char* url = std::getenv("SKALD_TEST_POSTGRES");
  if (!url) FAIL("SKALD_TEST_POSTGRES is not set: run ./dev test, which starts a PostgreSQL");
  return url;
}

// Created empty, dropped with everybody in it.
class database {
 public:
  explicit database(const std::string& prefix = "skald_test") : server_(server_url()) {
    static std::atomic<int> made{0};
    name_ =
        prefix + "_" + std::to_string(::getpid()) + "_" +
        std::to_string(std::chrono::steady_clock::now().time_since_epoch().count() % 1'000'000) +
        "_" + std::to_string(++made);
    pg::connection(server_).exec("create database " + name_);
  }
  ~database() {
    try {
      pg::connection(server_).exec("drop database " + name_ + " with (force)");
    } catch (const pg::error&) {
      // A server that is gone keeps it; the next cluster is a new one.
    }
  }
  database(const database&) = delete;
  database& operator=(const database&) = delete;

  // The server's URL with this database in the place of its own.
  std::string url() const {
    auto end = server_.find('?');
    auto slash = server_.find('/', server_.find("://") + 3);
    auto head = server_.substr(0, std::min(slash, end));
    return head + "/" + name_ + (end == server_.npos ? "" : server_.substr(end));
  }
  const std::string& name() const { return name_; }

 private:
  std::string server_, name_;
};
}  // namespace skald::test
