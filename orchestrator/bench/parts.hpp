// The parts of a run, each ready to live in a process or thread of its own, over whatever log.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/bench/load.hpp"
#include "orchestrator/bench/memory_log.hpp"
#include "orchestrator/bench/participants.hpp"
#include "outbox/log.hpp"

namespace skald::bench {
struct log_access {
  std::function<std::unique_ptr<log_reader>()> open_reader;
  std::function<std::unique_ptr<log_writer>(log_writer::on_delivery)> open_writer;
  std::function<std::unique_ptr<log_admin>()> open_admin;
};
log_access kafka_at(const std::string& bootstrap);
log_access in_memory(memory_log&);

using stopper = std::function<bool()>;

// The load generator, to its end.
load_result drive(const log_access&, const load_settings&,
                  const std::function<void(stage)>& reached, const stopper&);

// The participants, until stopped. `ready` is called when no command can be missed any more.
// With no database they remember nothing.
void participate(const log_access&, const participants_settings&,
                 const std::optional<std::string>& database, const std::function<void()>& ready,
                 const stopper&);

// Floor engines in the orchestrator's place, until stopped: `workers` threads share the shards.
struct stand_in_settings {
  std::string prefix;
  std::int32_t shards = 8;
  int workers = 2;
  std::optional<std::string> database;  // none: nothing is stored
  std::int32_t definition_no = 0;
};
void stand_in(const log_access&, const stand_in_settings&, const std::function<void()>& ready,
              const stopper&);

// The PostgreSQL-only floor: all parts as threads of this process, over a log in memory.
load_result drive_in_memory(const load_settings&, const participants_settings&, stand_in_settings,
                            const std::string& participants_database,
                            const std::function<void(stage)>& reached, const stopper&);
}  // namespace skald::bench
