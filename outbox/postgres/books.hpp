// A participant's own database: one connection, opened when first used and again after it broke.
#pragma once
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "outbox/postgres/connection.hpp"

namespace skald::pg {
// The database cannot be reached, or the connection broke: nothing is known of a transaction under
// way. The text says what to do.
struct gone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// One thread. Never reconnects inside a transaction, and never silently.
class books {
 public:
  // `schema`: the search_path; empty: as the URL and the server say.
  books(std::string url, std::string schema) : url_(std::move(url)), schema_(std::move(schema)) {}

  // BEGIN, `work`, COMMIT. What `work` throws rolls back and is passed on, but for a broken
  // connection, which is always `gone`.
  void transact(const std::function<void(pqxx::transaction_base&)>& work);

 private:
  void connect();
  std::string url_, schema_;
  std::optional<connection> connection_;
};
}  // namespace skald::pg
