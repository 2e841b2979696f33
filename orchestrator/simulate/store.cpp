#include "orchestrator/simulate/store.hpp"

#include <algorithm>
#include <limits>

#include "orchestrator/failpoint.hpp"

namespace skald::sim {
kept_batch::kept_batch(const batch& b) : batch_(b) {
  for (auto& move : batch_.shards) {
    read_.push_back(*move.read);
    move.read = &read_.back();
  }
  for (auto* rows : {&batch_.fresh, &batch_.changed})
    for (auto& s : *rows) s.key = keep(s.key);
  for (auto& j : batch_.journal)
    j.message_id = keep(j.message_id), j.type = keep(j.type), j.payload = keep(j.payload);
  for (auto& p : batch_.packed) p.body = keep(p.body);
}

std::string_view kept_batch::keep(std::string_view text) {
  return texts_.emplace_back(text);
}

void database::arrive(std::int16_t shard) {
  for (auto it = under_way.begin(); it != under_way.end();) {
    const auto& moves = it->value().shards;
    const bool its = std::any_of(moves.begin(), moves.end(),
                                 [&](const auto& move) { return move.read->id == shard; });
    if (!its) {
      ++it;
      continue;
    }
    tables.apply(it->value(), checks);
    it = under_way.erase(it);
  }
}

namespace {
// Nothing of them is seen before the commit: only where a sender may die in between.
void send_statements(const batch& b) {
  const auto sent = [](std::size_t rows, std::string_view which) {
    if (rows == 0) return;
    failpoint::pass("commit.statement");
    failpoint::pass(which);
  };
  sent(b.shards.size(), "commit.statement:fence");
  sent(b.fresh.size(), "commit.statement:saga_insert");
  sent(b.changed.size(), "commit.statement:saga_update");
  sent(b.journal.size(), "commit.statement:journal_insert");
  sent(b.packed.size(), "commit.statement:packed_insert");
  sent(b.acked.size(), "commit.statement:packed_delete");
  sent(b.opened.size(), "commit.statement:open_put");
  sent(b.closed.size(), "commit.statement:open_delete");
  sent(b.quarantined.size(), "commit.statement:quarantine_insert");
}

class session final : public store {
 public:
  explicit session(database& d) : d_(d) {}

  commit_result commit(const batch& b) override {
    send_statements(b);
    failpoint::pass("commit.before_sync");
    if (d_.publish_first)
      for (const auto& row : b.packed) d_.publish_first(row);
    if (d_.happens(fault::commit_fails)) throw store_error("the simulated database refuses");
    if (d_.happens(fault::commit_refused)) return {fate::fenced, 0, "a simulated deadlock"};
    if (d_.happens(fault::commit_lost)) return {fate::unknown, 0, "a simulated loss"};
    if (d_.happens(fault::commit_late)) {
      d_.under_way.emplace_back(b);
      return {fate::unknown, 0, "a simulated delay"};
    }
    const auto why = d_.tables.apply(b, d_.checks);
    const auto effect = failpoint::pass("commit.sync_sent");
    if (effect == failpoint::effect::drop || d_.happens(fault::commit_answer_lost))
      return {fate::unknown, 0, "a simulated loss of the answer"};
    if (!why.empty()) return {fate::fenced, 0, std::string(why)};
    return {fate::committed, now_ms(), {}};
  }

  void load(std::span<const uuid> ids, std::vector<saga_row>& out) override {
    ask();
    const auto begin = out.size();
    for (const auto& id : ids)
      if (const auto* s = d_.tables.find(id)) {
        auto& row = out.emplace_back();
        row.no = s->no, row.id = s->id, row.definition = s->definition, row.key = s->key;
        row.seq = s->seq, row.state = s->state;
        row.words.reserve(s->journal.size());
        for (const auto& j : s->journal)
          if (j.kind <= 2)
            row.words.push_back({j.kind, j.step, j.outcome, j.occurrence, j.message_id, j.type,
                                 j.payload, j.at_ms});
      }
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
              [](const auto& a, const auto& b) { return a.no < b.no; });
  }

  std::optional<shard_taken> take_over(std::int16_t id,
                                       std::optional<std::int64_t> if_epoch) override {
    ask();
    auto* s = d_.tables.shard(id);
    if (!s) return {};
    const bool late = d_.mix && d_.mix->of(fault::commit_late).below(2) == 0;
    if (!late) d_.arrive(id);
    std::optional<shard_taken> taken;
    if (!if_epoch || s->epoch == *if_epoch) {
      ++s->epoch;
      taken = shard_taken{*s, now_ms()};
    }
    d_.arrive(id);
    return taken;
  }

  std::optional<packed_row> next_packed(std::int16_t shard, std::int64_t after_seq) override {
    ask();
    const auto& rows = d_.tables.outbox[static_cast<std::size_t>(shard)];
    const auto next = rows.upper_bound(after_seq);
    if (next == rows.end()) return {};
    return next->second;
  }

  void restore(std::int16_t shard, std::int64_t swept_no, std::vector<open_saga>& out) override {
    ask();
    const auto i = static_cast<std::size_t>(shard);
    const auto& open = d_.tables.open[i];
    for (const auto& [no, facet] : open)
      if (no < swept_no)
        if (const auto* s = d_.tables.find_no(no))
          out.push_back({no, s->id, s->due_ms, s->phase, facet});
    const auto& all = d_.tables.by_shard[i];
    const auto from = std::lower_bound(all.begin(), all.end(), swept_no,
                                       [](const auto* s, std::int64_t no) { return s->no < no; });
    for (auto it = from; it != all.end(); ++it) {
      const auto& s = **it;
      const auto listed = open.find(s.no);
      if (s.phase > 2 && listed == open.end()) continue;
      out.push_back({s.no, s.id, s.due_ms, s.phase, {}});
      if (listed != open.end()) out.back().facet = listed->second;
    }
  }

  std::vector<topic_row> topics() override {
    ask();
    return d_.tables.topics;
  }
  std::vector<definition_row> definitions() override { return d_.tables.definitions; }
  std::string definition_spec(std::int32_t no) override {
    ask();
    const auto i = static_cast<std::size_t>(no - 1);
    if (i >= d_.tables.specs.size())
      throw store_error("definition " + std::to_string(no) + " is not stored");
    return d_.tables.specs[i];
  }
  int take_seat(std::string_view) override { return d_.seats++; }
  std::int64_t journal_end_no() override { return std::numeric_limits<std::int64_t>::max(); }

 private:
  std::int64_t now_ms() const { return d_.clock ? d_.clock->database_ms() : clock::begin_ms; }
  void ask() const {
    if (d_.happens(fault::read_fails)) throw store_error("the simulated database is away");
  }

  database& d_;
};
}  // namespace

std::unique_ptr<store> open_store(database& d) {
  return std::make_unique<session>(d);
}
}  // namespace skald::sim
