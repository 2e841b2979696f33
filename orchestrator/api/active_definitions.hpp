// The definitions that new sagas follow, kept for a second: a start need not read them each time.
#pragma once
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "outbox/postgres/connection.hpp"
#include "sagas/json.hpp"

namespace skald::api {
class active_definitions {
 public:
  // The active version of `name`; nothing: none is. Any thread.
  std::optional<stored_definition> find(pg::connection&, const std::string& name);

 private:
  using table = std::map<std::string, stored_definition>;
  void read(pg::connection&);
  std::mutex guard_;
  table known_;
  std::map<std::int64_t, stored_definition> by_no_;
  std::chrono::steady_clock::time_point read_at_{};
};
}  // namespace skald::api
