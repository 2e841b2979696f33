// Ownership: which shards this worker holds, taken over under a new epoch and given up at once when
// somebody else has. The commit's fence is the proof; this is the bookkeeping around it.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "orchestrator/catalog.hpp"
#include "orchestrator/clock.hpp"
#include "orchestrator/dispatch.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/shard.hpp"
#include "outbox/log.hpp"

namespace skald {
// After losing a shard that the group still says is ours.
inline constexpr auto take_over_again_after = std::chrono::seconds(1);

class ownership {
 public:
  struct parts {
    skald::store& store;
    log_reader& reader;
    catalog& known;
    saga_cache& sagas;
    outgoing& out;
    batch_clock& clock;
    metrics& counts;
    std::size_t max_unacked_bytes;
    reporter report;
  };
  explicit ownership(parts p) : p_(p) {}
  ~ownership();

  // What the group says; kept until `settle`.
  void gained(std::span<const partition>);
  void lost(std::span<const partition>);
  // Gives up what was lost, takes over what was gained: new epoch, timers restored, what is in the
  // outbox sent again before anything new, then reading from the shard row's offsets. Never waits
  // for the writer: what it does not take is for the next call.
  void settle();
  // A commit of these shards was fenced or its fate is unknown: all that is in memory of them is
  // dropped, and they are taken over again unless another owner has.
  void doubt(const std::vector<std::int16_t>& shards);

  // Gives it up until the group or a new session brings it again: this program cannot go on with
  // it.
  void halt(std::int16_t id);
  std::size_t halted() const { return halted_.size(); }

  owned_shard* find(std::int16_t id);
  std::map<std::int16_t, owned_shard>& shards() { return shards_; }

 private:
  using steady = std::chrono::steady_clock;
  bool take(std::int16_t id, std::optional<std::int64_t> if_epoch);
  bool resend(owned_shard&);
  void restore(owned_shard&);
  void read_from_row(const owned_shard&);
  void give_up(std::int16_t id);
  void no_longer_owned(std::int16_t id);
  void tell(std::int16_t id, std::string_view event, std::string text) const;

  parts p_;
  std::map<std::int16_t, owned_shard> shards_;
  std::set<std::int16_t> members_;  // by the group
  std::set<std::int16_t> halted_;
  std::map<std::int16_t, steady::time_point> wanted_;  // to be taken over from then on
};
}  // namespace skald
