// Definitions of the database, compiled when they are first needed. For replay: they send nothing.
#pragma once
#include <map>
#include <memory>

#include "orchestrator/compiled.hpp"
#include "outbox/postgres/connection.hpp"
#include "sagas/json.hpp"

namespace skald::cli {
class stored_definitions {
 public:
  explicit stored_definitions(pg::connection& db) : db_(db) {}

  const compiled* by_no(std::int32_t no);  // a failure when it is not stored
  static std::unique_ptr<compiled> compile(std::int32_t no, const stored_definition&);

 private:
  pg::connection& db_;
  std::map<std::int32_t, std::unique_ptr<compiled>> by_no_;
};
}  // namespace skald::cli
