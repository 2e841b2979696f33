#include "orchestrator/commit.hpp"

#include <chrono>

#include "orchestrator/failpoint.hpp"
#include "sagas/assert.hpp"

namespace skald {
void committer::add_upkeep(batch& b, bool idle) {
  for (auto& [id, shard] : owned_.shards())
    if (idle || shard.touched) sweep_young(b, shard);
  bool any = idle;
  for (const auto& [id, shard] : owned_.shards()) any = any || shard.touched;
  if (!any) return;
  b.acked.swap(out_.acked);
  out_.acked.clear();
  for (const auto& [shard, seq] : b.acked)
    if (auto* s = owned_.find(shard)) s->touched = true;
  for (auto& q : out_.impossible) {
    if (auto* s = owned_.find(q.shard)) s->touched = true;
    topics_.quarantined(q.topic, quarantine_reason::unsendable);
    b.quarantined.push_back(std::move(q));
  }
  out_.impossible.clear();
}

// Sagas leave `young` in order of their numbers when they are over or have got their row.
void committer::sweep_young(batch& b, owned_shard& shard) {
  while (!shard.young.empty()) {
    const auto no = shard.young.front();
    auto* open = shard.open.find(no);
    if (open && !open->has_row) {
      if (b.at_ms - saga_no::at_ms(no) < open_row_after_ms) return;
      b.opened.push_back({no, shard.id(), open->facet});
      open->has_row = true;
      shard.touched = true;
    }
    shard.young.pop_front();
  }
  // A quiet shard's numbers move on too, or a take-over would look through all sagas since.
  if (shard.young.empty() && saga_no::at_ms(shard.next_no) + renumber_after_ms < b.at_ms) {
    shard.next_no = saga_no::first(b.at_ms, shard.id());
    shard.touched = true;
  }
}

void committer::collect(batch& b) {
  for (auto& [id, shard] : owned_.shards()) {
    if (!shard.touched) continue;
    b.shards.push_back({&shard.row, shard.next_offset, shard.next_no, shard.swept_no()});
    if (shard.frames > 0) b.packed.push_back({id, shard.seq, shard.frames, shard.packed});
  }
}

bool committer::commit(batch& b) {
  collect(b);
  if (b.shards.empty()) return sagas_.trim(), true;
  const auto begun = std::chrono::steady_clock::now();
  failpoint::pass("commit.begin");
  const auto result = store_.commit(b);
  if (result.fate == fate::committed) {
    failpoint::pass("commit.done");
    if (!b.acked.empty()) failpoint::pass("outbox.deleted");
    const auto took = std::chrono::steady_clock::now() - begun;
    metrics_.batch_commit.observe(
        std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    metrics_.batch_rows.observe(static_cast<std::int64_t>(b.rows()));
    clock_.set(result.now_ms);
    confirm(b);
    tell_quarantined(b);
    return true;
  }
  (result.fate == fate::fenced ? metrics_.fenced_batches : metrics_.unknown_commits).add();
  report_({severity::warning, "commit.given_up",
           "A commit was given up (" + result.why + "); its partitions are taken over again"});
  std::vector<std::int16_t> doubted;
  for (const auto& move : b.shards) doubted.push_back(move.read->id);
  owned_.doubt(doubted);
  return false;
}

void committer::tell_quarantined(const batch& b) const {
  for (const auto& q : b.quarantined) {
    log_entry e{severity::warning, "record.quarantined", q.reason};
    e.topic = q.topic;
    e.partition = q.partition;
    if (q.offset >= 0) e.offset = q.offset;
    report_(e);
  }
}

void committer::confirm(const batch& b) {
  for (const auto& move : b.shards) {
    auto& shard = *owned_.find(move.read->id);
    shard.row.next_offset = move.next_offset;
    shard.row.next_no = move.next_no;
    shard.row.swept_no = move.swept_no;
    shard.touched = false;
    if (shard.frames == 0) continue;
    metrics_.outbox_frames.add(static_cast<std::uint64_t>(shard.frames));
    out_.add(shard.id(), shard.seq++, shard.frames, std::move(shard.packed));
    shard.packed = out_.take_spare();
    shard.frames = 0;
  }
  for (const auto* rows : {&b.fresh, &b.changed})
    for (const auto& row : *rows) {
      auto* saga = sagas_.find(row.id);
      SKALD_ASSERT(saga, "a saga left memory before its batch was over");
      saga->fresh = saga->touched = false;
      if (machine::finished(saga->state)) sagas_.erase(row.id);
    }
  sagas_.trim();
}
}  // namespace skald
