// The least that could stand in the orchestrator's place: the same records in and out for each
// saga, and with a store the same rows in the same transactions, but no decision, no rule, no
// second thought. What it reaches is what the service's speed is compared with.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orchestrator/store.hpp"
#include "outbox/ids.hpp"
#include "outbox/log.hpp"

namespace skald::bench {
struct floor_settings {
  std::string prefix;                // of the topics
  std::vector<std::int16_t> shards;  // of this engine
  std::int32_t definition_no = 0;
};

// One thread. Knows the sagas it has started itself, which all go well; anything else is an error.
class floor_engine {
 public:
  // With no store, nothing is stored. Reads from the ends of its partitions.
  floor_engine(const floor_settings&, log_reader&, log_writer&, log_admin&, store*);

  // Until `stop` says so. Throws log_error and store_error.
  void run(const std::function<bool()>& stop);

 private:
  struct flight {
    uuid id;
    std::int64_t no = 0;
    std::int32_t seq = 0;
    std::size_t step = 0;  // under way
  };
  struct shard_part {
    shard_row row;
    std::vector<std::int64_t> next_offset;
    std::int64_t next_no = 0, packed_seq = 0;
    std::string packed;
    std::int32_t frames = 0;
    bool touched = false;
  };

  void take_over(log_reader&, log_admin&);
  void work();
  void advance(const wire::record&, shard_part&);
  void start(const wire::record&, shard_part&);
  void write_row(const wire::record&, const flight&, bool fresh, bool last);
  void write_command(const flight&, std::string_view key, shard_part&);
  void write_event(const flight&, std::string_view key, std::string_view name, shard_part&);
  void commit();
  void dispatch();

  const floor_settings settings_;
  const std::string starts_, inbox_, events_, source_;
  const uuid namespace_;
  log_reader& reader_;
  log_writer& writer_;
  store* const store_;
  std::unordered_map<std::int16_t, shard_part> shards_;
  std::unordered_map<std::string, flight> flights_;
  std::size_t starts_no_ = 0, inbox_no_ = 0;                 // places in shard_row::next_offset
  std::vector<std::pair<std::int16_t, std::int64_t>> sent_;  // rows to delete with the next batch
  batch batch_;
  std::int64_t now_ms_ = 0;
  std::vector<wire::record> records_;
  std::vector<wire::header> headers_;
  std::string id_, saga_, body_;
};
}  // namespace skald::bench
