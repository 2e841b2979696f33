// Where one run takes place: databases made for it and dropped behind it, and topics of its own.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/bench/parts.hpp"
#include "orchestrator/service.hpp"
#include "outbox/postgres/migrate.hpp"

namespace skald::bench {
struct servers {
  std::string postgres;  // URL of a user who may create databases
  std::string kafka;     // host:port
  // The schema's migrations: "orchestrator" or "participant".
  std::function<std::vector<pg::migration>(const std::string& component)> migrations;
};

class ground {
 public:
  static constexpr int shards = 8;

  // Makes the databases. `name`: a database name, and the prefix of the topics.
  ground(const servers&, std::string name, int workers);
  ~ground();  // drops them, whoever is connected
  ground(const ground&) = delete;
  ground& operator=(const ground&) = delete;

  // Topics, shards, definitions: what `skald serve` and `skald definition activate` would do.
  // Opens clients of the log: call it in a child, or before a run in memory.
  void prepare(const log_access&) const;

  // 5 million sagas that are over, four journal rows each, as if they had run before now.
  void preload(std::int64_t sagas) const;

  const std::string& name() const { return name_; }
  const std::string& database() const { return database_; }
  const std::string& participants_database() const { return participants_database_; }
  skald::settings service_settings() const;
  std::int32_t definition_no() const;  // after prepare

 private:
  const servers servers_;
  const std::string name_, database_, participants_database_;
  const int workers_;
};

std::string url_of_database(const std::string& url, std::string_view database);
}  // namespace skald::bench
