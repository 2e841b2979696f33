#include "orchestrator/simulate/tables.hpp"

#include <algorithm>

#include "orchestrator/saga_no.hpp"

namespace skald::sim {
void tables::add_topic(const std::string& name, std::int32_t partitions,
                       std::int64_t from_offset) {
  topics.push_back({static_cast<std::int16_t>(topics.size() + 1), name, partitions});
  for (auto& s : shards) s.next_offset.push_back(from_offset);
}

void tables::add_shard(std::int16_t id) {
  shards.push_back({.id = id, .next_offset = std::vector<std::int64_t>(topics.size(), 0)});
  outbox.emplace_back();
  open.emplace_back();
  by_shard.emplace_back();
}

void tables::add_definition(const std::string& name, std::int32_t version, std::string spec) {
  definitions.push_back(
      {static_cast<std::int32_t>(definitions.size() + 1), name, version, "active"});
  specs.push_back(std::move(spec));
}

shard_row* tables::shard(std::int16_t id) {
  const auto i = static_cast<std::size_t>(id);
  return id >= 0 && i < shards.size() ? &shards[i] : nullptr;
}
stored_saga* tables::find(const uuid& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}
stored_saga* tables::find_no(std::int64_t no) {
  const auto found = by_no_.find(no);
  return found == by_no_.end() ? nullptr : found->second;
}

std::string_view tables::apply(const batch& b, checks c) {
  if (const auto why = refused(b, c); !why.empty()) return why;
  write(b);
  return {};
}

std::string_view tables::refused(const batch& b, checks c) {
  for (const auto& move : b.shards) {
    const auto* s = shard(move.read->id);
    if (!s) return "there is no such shard";
    if (c.epoch && s->epoch != move.read->epoch) return "another epoch";
    if (c.offsets && s->next_offset != move.read->next_offset) return "other offsets";
  }
  if (!c.epoch) return {};  // such a batch may write anything
  for (const auto& s : b.fresh)
    if (by_no_.contains(s.no) || by_id_.contains(s.id)) return "a saga is there already";
  for (const auto& s : b.changed) {
    const auto* row = find_no(s.no);
    if (!row || row->seq >= s.seq) return "a saga to be changed is not there, or has moved on";
  }
  for (const auto& row : b.packed)
    if (outbox[static_cast<std::size_t>(row.shard)].contains(row.seq))
      return "a packed row is there already";
  return {};
}

void tables::write(const batch& b) {
  for (const auto& move : b.shards) {
    auto& s = *shard(move.read->id);
    s.next_offset = move.next_offset;
    s.next_no = move.next_no;
    s.swept_no = move.swept_no;
  }
  for (const auto& s : b.fresh) {
    if (by_id_.contains(s.id)) continue;
    auto& row = sagas.emplace_back();
    row = {s.no, s.id, s.definition, std::string(s.key), s.phase, s.seq, s.due_ms, s.state, {}};
    by_id_[row.id] = by_no_[row.no] = &row;
    auto& all = by_shard[static_cast<std::size_t>(saga_no::shard(s.no))];
    auto at = all.end();
    while (at != all.begin() && (*std::prev(at))->no > row.no) --at;
    all.insert(at, &row);
    if (s.due_ms != 0) due_.push({s.due_ms, s.no});
  }
  for (const auto& s : b.changed) {
    auto* row = find_no(s.no);
    if (!row) continue;
    row->phase = s.phase, row->seq = s.seq, row->due_ms = s.due_ms;
    row->state = s.state, row->definition = s.definition;
    if (s.due_ms != 0) due_.push({s.due_ms, s.no});
  }
  for (const auto& j : b.journal)
    if (auto* row = find_no(j.saga_no))
      row->journal.push_back({j.seq, j.kind, j.step, j.outcome, j.number, j.occurrence,
                              j.commands_hash, b.at_ms, std::string(j.message_id),
                              std::string(j.type), std::string(j.payload)});
  for (const auto& row : b.packed)
    outbox[static_cast<std::size_t>(row.shard)][row.seq] = {row.seq, row.n, std::string(row.body)};
  for (const auto& [id, seq] : b.acked) outbox[static_cast<std::size_t>(id)].erase(seq);
  for (const auto& row : b.opened) open[static_cast<std::size_t>(row.shard)][row.no] = row.facet;
  for (const auto no : b.closed)
    open[static_cast<std::size_t>(saga_no::shard(no))].erase(no);
  for (const auto& q : b.quarantined) quarantine.push_back(q);
}

std::optional<std::int64_t> tables::next_due_ms() {
  while (!due_.empty()) {
    const auto top = due_.top();
    const auto* row = find_no(top.no);
    if (row && row->due_ms == top.due_ms) return top.due_ms;
    due_.pop();  // outdated
  }
  return {};
}
}  // namespace skald::sim
