#include "orchestrator/fence.hpp"

#include "orchestrator/failpoint.hpp"

namespace skald {
ownership::~ownership() {
  for (const auto& [id, shard] : shards_) no_longer_owned(id);
}

void ownership::tell(std::int16_t id, std::string_view event, std::string text) const {
  log_entry e{severity::info, event, std::move(text)};
  e.partition = id;
  p_.report(e);
}

void ownership::no_longer_owned(std::int16_t id) {
  const auto no = std::to_string(id);
  p_.counts.partition_owned.at({no}).add(-1);
  for (const auto& topic : p_.known.topics())
    p_.counts.consumer_lag_seconds.remove({topic.name, no});
}

void ownership::gained(std::span<const partition> partitions) {
  p_.counts.rebalances.add();
  for (const auto& p : partitions) {
    const auto id = static_cast<std::int16_t>(p.no);
    members_.insert(id);
    halted_.erase(id);
    wanted_[id] = p_.clock.steady_now();
  }
}

void ownership::lost(std::span<const partition> partitions) {
  p_.counts.rebalances.add();
  for (const auto& p : partitions) {
    members_.erase(static_cast<std::int16_t>(p.no));
    halted_.erase(static_cast<std::int16_t>(p.no));
    wanted_.erase(static_cast<std::int16_t>(p.no));
  }
}

void ownership::settle() {
  std::vector<std::int16_t> gone;
  for (const auto& [id, shard] : shards_)
    if (!members_.contains(id)) gone.push_back(id);
  for (const auto id : gone) {
    failpoint::pass("shard.revoked");
    give_up(id);
  }
  std::vector<std::int16_t> due;
  for (const auto& [id, at] : wanted_)
    if (at <= p_.clock.steady_now()) due.push_back(id);
  for (const auto id : due) {
    wanted_.erase(id);
    failpoint::pass("shard.assigned");
    give_up(id);
    take(id, {});
  }
  for (auto& [id, shard] : shards_)
    if (shard.resent && resend(shard)) {
      shard.resent.reset();
      read_from_row(shard);
    }
}

void ownership::doubt(const std::vector<std::int16_t>& ids) {
  for (const auto id : ids) {
    const auto* shard = find(id);
    if (!shard) continue;
    const auto epoch = shard->row.epoch;
    give_up(id);
    if (!take(id, epoch) && members_.contains(id))
      wanted_[id] = p_.clock.steady_now() + take_over_again_after;
  }
}

void ownership::halt(std::int16_t id) {
  give_up(id);
  wanted_.erase(id);
  halted_.insert(id);
}

owned_shard* ownership::find(std::int16_t id) {
  const auto found = shards_.find(id);
  return found == shards_.end() ? nullptr : &found->second;
}

bool ownership::take(std::int16_t id, std::optional<std::int64_t> if_epoch) {
  auto taken = p_.store.take_over(id, if_epoch);
  if (!taken) return false;
  p_.clock.set(taken->now_ms);
  p_.counts.take_overs.add();
  p_.known.refresh_topics(p_.store);
  p_.known.refresh(p_.store);
  auto& shard = shards_[id];
  shard.take(std::move(taken->row));
  p_.counts.partition_owned.at({std::to_string(id)}).add(1);
  tell(id, "partition.taken",
       "A partition is taken over, under epoch " + std::to_string(shard.row.epoch));
  restore(shard);
  shard.resent = -1;
  return true;
}

// In order, one row at a time, so that memory stays within the bound. True: that was all.
bool ownership::resend(owned_shard& shard) {
  while (p_.out.push() && p_.out.bytes() <= p_.max_unacked_bytes) {
    auto row = p_.store.next_packed(shard.id(), *shard.resent);
    if (!row) return true;
    failpoint::pass("sweep.row");
    shard.resent = row->seq;
    p_.counts.outbox_swept.add(static_cast<std::uint64_t>(row->n));
    p_.out.add(shard.id(), row->seq, row->n, std::move(row->body));
  }
  return false;
}

void ownership::restore(owned_shard& shard) {
  std::vector<open_saga> open;
  p_.store.restore(shard.id(), shard.row.swept_no, open);
  for (const auto& saga : open) {
    shard.open.set(saga.no, saga.id, saga.due_ms, saga.facet.value_or(saga.phase));
    shard.open.find(saga.no)->has_row = saga.facet.has_value();
    if (saga.no >= shard.row.swept_no) shard.young.push_back(saga.no);
  }
}

void ownership::read_from_row(const owned_shard& shard) {
  std::vector<position> from;
  for (const auto& topic : p_.known.topics()) {
    const auto i = static_cast<std::size_t>(topic.no - 1);
    if (i < shard.row.next_offset.size() && shard.row.next_offset[i] >= 0)
      from.push_back({{topic.name, shard.id()}, shard.row.next_offset[i]});
  }
  p_.reader.assign(from);
}

void ownership::give_up(std::int16_t id) {
  if (!find(id)) return;
  if (!find(id)->resent) {
    std::vector<partition> read;
    for (const auto& topic : p_.known.topics()) {
      const auto i = static_cast<std::size_t>(topic.no - 1);
      const auto& offsets = find(id)->row.next_offset;
      if (i < offsets.size() && offsets[i] >= 0) read.push_back({topic.name, id});
    }
    p_.reader.resume(find(id)->paused);  // or it would still be paused for its next owner here
    p_.reader.forget(read);
  }
  no_longer_owned(id);
  tell(id, "partition.given_up", "A partition is given up");
  p_.out.forget(id);
  p_.sagas.erase_shard(id);
  shards_.erase(id);
}
}  // namespace skald
