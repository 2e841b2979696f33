// Has every start that the service has read from `<prefix>.starts` become a saga?
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "orchestrator/audit/mismatch.hpp"
#include "orchestrator/audit/snapshot.hpp"
#include "orchestrator/audit/topics.hpp"
#include "orchestrator/payload.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::audit {
class start_audit {
 public:
  static constexpr std::size_t starts_a_question = 1'000;

  start_audit(const std::string& postgres, const snapshot&, mismatches&);

  // What take() is to see. `now`: the ends of the topic; `marks`: up to where shards have read it.
  stretches begin(const stretches& now, const std::vector<shard_mark>& marks);
  void take(const wire::record&);
  void end() { ask(); }
  const std::string& topic() const { return topic_; }
  std::int64_t read() const { return read_; }

 private:
  struct start {
    uuid saga;
    std::string key;
    std::int32_t partition;
    std::int64_t offset;
  };
  void ask();
  bool starts_nothing(const wire::record&, std::string_view definition);
  bool quarantined(const start&);

  const snapshot& from_;
  mismatches& found_;
  pg::connection db_;
  const std::string topic_;
  std::int32_t partitions_ = 0;
  std::int64_t read_ = 0;
  std::vector<start> asked_;
  payload_reader payload_;
};
}  // namespace skald::audit
