// The orchestrator's database as it was at one instant: sagas with their histories, shards, the
// outbox. Read-only; while it lives, the server keeps what it can still see.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "orchestrator/compiled.hpp"
#include "orchestrator/replay/fold.hpp"
#include "outbox/postgres/pipeline.hpp"

namespace skald::audit {
// A row of table saga.
struct saga_head {
  std::int64_t no = 0;
  uuid id;
  std::string key, state;
  std::int32_t definition = 0, seq = 0;
  std::uint8_t phase = 0;
  std::int64_t due_ms = 0;
  bool listed = false;  // has a row in table open
};

struct shard_mark {
  std::int16_t id = 0;
  std::int64_t swept_no = 0;
  std::int64_t next_offset = -1;  // of the topic asked for
};

class snapshot {
 public:
  static constexpr std::int32_t max_rows_a_page =
      5'000;  // of journals, but for a longer single one

  explicit snapshot(const std::string& url);  // pg::error

  std::int64_t now_ms() const { return now_ms_; }
  std::int64_t journal_rows() const { return journal_rows_; }  // as the sagas say
  const std::string& prefix() const { return prefix_; }
  std::int64_t service_seen_ms_ago() const { return service_seen_ms_ago_; }  // -1: never
  const std::map<std::int32_t, std::unique_ptr<compiled>>& definitions() const { return by_no_; }

  // Every saga in the order of its number. The views of a row live until the visitor returns.
  // `orphan` gets the number of each journal row that is no saga's, once a saga.
  using visitor = std::function<void(const saga_head&, std::span<const recorded>)>;
  void each_saga(const visitor&, const std::function<void(std::int64_t no)>& orphan);

  std::vector<shard_mark> shards(const std::string& topic);
  // Packed rows of the outbox, one by one, so that memory stays flat.
  void each_packed(const std::function<void(std::int16_t shard, std::int64_t seq, std::int32_t n,
                                            std::string_view body)>&);
  // Envelopes of the records that Kafka refused for good, as packed frames.
  void each_refused(const std::function<void(std::string_view frame)>&);

 private:
  pg::binary_result ask(const char* prepared, const pg::binary_parameters&);
  void read_definitions();
  std::vector<saga_head> heads_from(std::int64_t no);

  pg::pipeline db_;
  std::int64_t now_ms_ = 0, journal_rows_ = 0, service_seen_ms_ago_ = -1;
  std::string prefix_;
  std::map<std::int32_t, std::unique_ptr<compiled>> by_no_;
};
}  // namespace skald::audit
