// What a worker has from one begin to the next failure: its connections, its shards, their sagas.
#pragma once
#include <map>

#include "orchestrator/catalog.hpp"
#include "orchestrator/commit.hpp"
#include "orchestrator/consume.hpp"
#include "orchestrator/decide.hpp"
#include "orchestrator/load.hpp"
#include "orchestrator/worker.hpp"

namespace skald {
struct worker::session {
  session(const worker_setup&, metrics&);
  ~session() { reader->leave(); }  // while what its callbacks use is alive

  void refresh() {
    known.refresh(*store);
    journal_end_no = store->journal_end_no();
  }
  bool turn(worker_gauges&);
  bool run_batch(bool idle);
  void consume(bool& any);
  void take_due();
  void set_aside(const loader::unreadable&);
  void set_broken_aside();
  void throw_away(const input&, const char* why);
  void halt(std::int16_t shard, const std::string& why);
  void watch_bounds(worker_gauges&);
  void hold(owned_shard&, owned_shard::hold);
  void upkeep();
  void notice_topics();
  void show_lag();
  milliseconds patience();
  void finish();

  const worker_setup& setup;
  topic_names names;
  std::unique_ptr<skald::store> store;
  catalog known;
  saga_cache sagas;
  outgoing out;
  batch_clock clock;
  signer tokens;
  std::unique_ptr<log_reader> reader;
  ownership owned;
  consumer intake;
  loader load;
  trace::recorder spans;
  command_writer commands;
  decider decide;
  committer commit;
  metrics& metrics_;
  topic_counts topics;

  bool crowded = false;  // more is on its way to the broker than should be
  std::int64_t journal_end_no = 0;
  batch_clock::steady::time_point next_upkeep = clock.steady_now();
  std::map<uuid, std::string> broken;  // sagas that broke an invariant, and which
  batch b;
  std::vector<wire::record> records;
  std::vector<input> inputs;
  std::vector<timers::due> due;
};
}  // namespace skald
