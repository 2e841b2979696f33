// Commit: one transaction for all that a batch decided; afterwards memory says what the database
// says. What is packed here is dispatched only when the commit is known to have happened.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "orchestrator/dispatch.hpp"
#include "orchestrator/fence.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics/counts.hpp"
#include "orchestrator/store.hpp"

namespace skald {
class committer {
 public:
  committer(store& to, ownership& owned, saga_cache& sagas, outgoing& out, batch_clock& clock,
            metrics& counts, reporter report)
      : store_(to),
        owned_(owned),
        sagas_(sagas),
        out_(out),
        clock_(clock),
        metrics_(counts),
        topics_(counts),
        report_(std::move(report)) {}

  // Adds what is due besides the decisions: rows of `open` for sagas that have become old, packed
  // rows that are acked. `idle`: also of shards that nothing else is written for.
  void add_upkeep(batch&, bool idle);

  // Commits and, when that is certain, hands the frames to `outgoing`. False: the batch did not
  // happen, or nobody knows; its shards have been taken over again or given up.
  bool commit(batch&);

 private:
  void sweep_young(batch&, owned_shard&);
  void collect(batch&);
  void confirm(const batch&);
  void tell_quarantined(const batch&) const;

  store& store_;
  ownership& owned_;
  saga_cache& sagas_;
  outgoing& out_;
  batch_clock& clock_;
  metrics& metrics_;
  topic_counts topics_;
  const reporter report_;
};
}  // namespace skald
