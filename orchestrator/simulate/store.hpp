// The seam orchestrator/store.hpp over the simulated database, with a commit's fates: done, not
// done, done or not and nobody says, and done when its sender has long given it up.
#pragma once
#include <functional>
#include <list>
#include <memory>

#include "orchestrator/simulate/clock.hpp"
#include "orchestrator/simulate/faults.hpp"
#include "orchestrator/simulate/tables.hpp"

namespace skald::sim {
// A batch that outlives what its views pointed at.
class kept_batch {
 public:
  explicit kept_batch(const batch&);
  const batch& value() const { return batch_; }

 private:
  std::string_view keep(std::string_view text);

  std::deque<std::string> texts_;
  std::deque<shard_row> read_;
  batch batch_;
};

// The database server: what its sessions share.
struct database {
  sim::tables tables;
  sim::clock* clock = nullptr;
  fault_mix* mix = nullptr;  // null: nothing goes wrong
  sim::checks checks;
  std::list<kept_batch> under_way;  // commits that were sent and given up
  int seats = 0;
  // The simulator's own test: called with what leaves before the commit.
  std::function<void(const packed_write&)> publish_first;

  bool happens(fault f) const { return mix && mix->happens(f); }
  // Commits of this shard that are under way arrive now, or never.
  void arrive(std::int16_t shard);
};

std::unique_ptr<store> open_store(database&);
}  // namespace skald::sim
