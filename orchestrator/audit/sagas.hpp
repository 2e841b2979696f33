// One saga under audit: its history dense, decided again to the stored state, its timers armed; and
// what it must have sent.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "orchestrator/audit/mismatch.hpp"
#include "orchestrator/audit/snapshot.hpp"

namespace skald::audit {
// A record that a saga's history implies: a command, or an event about the saga.
struct implied_record {
  std::string_view id;       // ce_id; of commands the same on every attempt
  std::uint8_t attempt = 0;  // 0: a saga event
  std::string_view topic, key;
};
// What stands for such a record in a set. Never 0.
std::uint64_t fingerprint(std::string_view id, int attempt);

struct saga_counts {
  std::int64_t sagas = 0, rows = 0, starts = 0, born_aborted = 0, impossible = 0;
  std::map<std::string_view, std::int64_t> phases;
};

class saga_examiner {
 public:
  // `overdue_ms`: how long after its time a timer may still be about to fire.
  saga_examiner(const snapshot&, std::vector<shard_mark>, std::int64_t overdue_ms, mismatches&);

  using sent = std::function<void(const implied_record&)>;
  void examine(const saga_head&, std::span<const recorded>, const sent&);
  // The same history, only for what it must have sent.
  void imply(const saga_head&, std::span<const recorded>, const sent&);
  void orphan(std::int64_t no, std::int64_t horizon_ms);
  void judge_counts();  // after the last saga

  const saga_counts& counts() const { return counts_; }

 private:
  void add(const saga_head&, std::string_view kind, std::string what);
  bool dense(const saga_head&, std::span<const recorded>);
  void decide_again(const saga_head&, std::span<const recorded>, const sent&);
  void examine_state(const saga_head&, const machine::saga&);
  void examine_timer(const saga_head&, const machine::saga&);
  std::int64_t send_all(const folder&, std::string_view key, const sent&);  // how many it could not
  folder& begin(const saga_head&);

  const snapshot& from_;
  const std::map<std::int16_t, std::int64_t> swept_no_;
  const std::int64_t overdue_ms_;
  mismatches& found_;
  saga_counts counts_;
  std::map<std::int32_t, std::unique_ptr<folder>> folders_;  // one a definition, reused
  std::map<std::string, uuid, std::less<>> namespaces_;
  std::string id_, body_;
};
}  // namespace skald::audit
