#include "orchestrator/simulate/audit.hpp"

#include <algorithm>
#include <set>

#include "orchestrator/journal.hpp"
#include "sagas/encoding.hpp"

namespace skald::sim {
using machine::action_kind;
using machine::phase;
using machine::status;
using machine::surplus_state;

std::uint64_t published_hash(std::string_view ce_id, std::string_view attempt) {
  return hash64(ce_id) ^ scramble(hash64(attempt));
}

void auditor::violate(int saga, const std::string& what) {
  if (!found_.violation.empty()) return;
  found_.violation = what;
  found_.saga = saga;
}

findings auditor::audit() {
  if (!w_.broken.empty()) violate(w_.broken_saga, w_.broken);
  for (int i = 0; i < w_.plan.sagas; ++i) audit_saga(i);
  audit_rest();
  return found_;
}

void auditor::audit_saga(int saga) {
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto* row = w_.database.tables.find(p.id);
  for (const auto& books : p.books)
    for (const auto& e : books.effects) {
      ++found_.effects;
      ++(e.now == effect::state::standing ? found_.standing : found_.undone);
    }
  if (!row) {
    if (p.started) violate(saga, "S8: its start was accepted, and there is no saga");
    for (const auto& books : p.books)
      if (!books.effects.empty())
        violate(saga, "S8: an event was accepted, and there is no saga that knows of it");
    return;
  }
  machine::saga state;
  if (const auto problem = machine::decode(row->state, state); !problem.empty())
    return violate(saga, "its row is damaged: " + std::string(problem));
  audit_history(saga, *row, state);
  audit_ledger(saga, state);
  if (!p.started && !p.cancelled) audit_strangers(saga);
}

void auditor::audit_history(int saga, const stored_saga& row, const machine::saga& state) {
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  implied_.clear();
  fold_.begin(p.id, p.key);
  std::int32_t seq = 0;
  for (const auto& j : row.journal) {
    if (j.seq != ++seq) return violate(saga, "S10: its history is not dense");
    const auto event = from_journal({j.kind, j.step, j.number, j.occurrence}, j.at_ms);
    const auto now =
        fold_.feed({j.seq, event, j.message_id, j.type, j.payload, j.outcome, j.commands_hash});
    if (!now.same()) return violate(saga, "replay decides otherwise than its history says");
    for (const auto& a : fold_.actions()) expect_published(saga, a);
  }
  found_.journal_rows += row.journal.size();
  if (row.seq != seq) return violate(saga, "S10: its history ends before its row does");
  if (machine::encode(fold_.saga().state) != row.state)
    return violate(saga, "replay of its history does not give its state");
  (void)state;
  std::sort(implied_.begin(), implied_.end());  // an operator's retry repeats an attempt
  implied_.erase(std::unique(implied_.begin(), implied_.end()), implied_.end());
  std::sort(p.published.begin(), p.published.end());
  p.published.erase(std::unique(p.published.begin(), p.published.end()), p.published.end());
  found_.commands += p.published.size();
  if (!std::includes(p.published.begin(), p.published.end(), implied_.begin(), implied_.end()))
    violate(saga, "S11: a record that its history implies was never published");
  if (!std::includes(implied_.begin(), implied_.end(), p.published.begin(), p.published.end()))
    violate(saga, "a record was published that its history does not imply");
}

void auditor::expect_published(int saga, const machine::action& a) {
  static constexpr std::string_view names[] = {"started", "completed", "aborted", "stuck", "step"};
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto& steps = w_.spec().steps;
  id_.clear();
  if (a.kind <= action_kind::send_fence) {
    const auto kind = a.kind == action_kind::send_do ? wire::kind::do_ : wire::kind::undo;
    wire::append(id_, {p.id, steps[a.step].name, kind, a.n});
    return implied_.push_back(published_hash(id_, std::to_string(a.attempt)));
  }
  const auto kind =
      static_cast<std::size_t>(a.kind) - static_cast<std::size_t>(action_kind::tell_started);
  append(id_, p.id);
  id_ += "/" + std::to_string(fold_.saga().seq) + "/" + std::string(names[kind]);
  if (a.step < steps.size()) id_ += "/" + std::string(steps[a.step].name);
  implied_.push_back(published_hash(id_, {}));
}

void auditor::audit_ledger(int saga, const machine::saga& state) {
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const bool item = machine::item_open(state);
  found_.with_items += item;
  found_.completed += state.phase == phase::completed;
  found_.aborted += state.phase == phase::aborted;
  if (state.paused) return violate(saga, "it is paused, and nobody will resume it");
  if (!machine::finished(state) && !item)
    return violate(saga, "S7: it is not finished, waits for nobody, and nothing will happen");
  if (p.started && state.phase == phase::none)
    return violate(saga, "S8: its start was accepted, and it has not begun");
  const auto beyond = p.seen_to | state.conflicts;
  found_.seen_to += beyond != 0;
  if (state.phase == phase::completed || state.phase == phase::aborted)
    for (std::size_t i = 0; i < p.books.size(); ++i)
      if (!(beyond >> i & 1)) audit_step(saga, i, state);
}

// Nobody's: on a topic of strangers nothing may be undone.
void auditor::audit_strangers(int saga) {
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  for (std::size_t i = 0; i < p.books.size(); ++i) {
    const auto& s = w_.spec().steps[i];
    if (!s.awaits() || s.await.unclaimed != unclaimed::ignore) continue;
    for (const auto& e : p.books[i].effects)
      if (e.now == effect::state::undone && !e.by_word)
        violate(saga, "S2: a stranger's event of step " + std::string(s.name) + " is undone");
  }
}

// An open item names it, or the definition says that nobody minds.
bool auditor::named(int saga, std::size_t step, const effect& e, const machine::saga& state) const {
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto& s = w_.spec().steps[step];
  std::string own;
  wire::append(own, {.saga = p.id, .step = s.name});
  for (const auto& x : state.surpluses) {
    if (x.step != step || (x.occurrence != hash64(e.name) && x.occurrence != hash64(own))) continue;
    if (x.now == surplus_state::state::to_operator) return true;
    if (x.now != surplus_state::state::ignored) continue;
    if (s.surplus == surplus::ignore || !p.started) return true;  // or it is a stranger's
  }
  if (s.surplus == surplus::ignore && state.phase == phase::completed) return true;
  return in_quarantine(saga, e.name);
}

// More than one saga may keep: then the record of the event is there for people to see.
bool auditor::in_quarantine(int saga, const std::string& name) const {
  const auto& all = w_.database.tables.quarantine;
  const auto& key = w_.parties[static_cast<std::size_t>(saga)].key;
  return std::any_of(all.begin(), all.end(), [&](const auto& q) {
    return q.reason.find("one saga may") != q.reason.npos && q.key == key &&
           (q.headers.find(name) != q.headers.npos ||
            (q.payload && q.payload->find(name) != q.payload->npos));
  });
}

void auditor::audit_step(int saga, std::size_t step, const machine::saga& state) {
  const auto& p = w_.parties[static_cast<std::size_t>(saga)];
  const auto& s = w_.spec().steps[step];
  const auto& effects = p.books[step].effects;
  if (state.steps[step].status == status::to_operator) return;
  const auto stands = [](const effect& e) { return e.now == effect::state::standing; };
  const auto standing = std::count_if(effects.begin(), effects.end(), stands);
  const auto unnamed = std::count_if(effects.begin(), effects.end(), [&](const effect& e) {
    const bool nobody_can_know = e.untold && state.phase == phase::completed;
    return stands(e) && !nobody_can_know && !named(saga, step, e, state);
  });
  const auto name = "step " + std::string(s.name);
  if (state.phase == phase::completed) {
    const bool wanted = p.guards >> step & 1;
    if (wanted && standing == 0) violate(saga, "S4: COMPLETED, and " + name + " has no effect");
    if (unnamed > (wanted ? 1 : 0) && s.undo.kind != undo::type::harmless)
      violate(saga, "S4: COMPLETED, and an effect of " + name + " stands that nobody named");
    return;
  }
  const bool nobody_minds = s.undo.kind == undo::type::harmless || (s.awaits() && !s.has_undo());
  if (unnamed > 0 && !nobody_minds)
    violate(saga, "S4: ABORTED, and an effect of " + name + " stands that nobody named");
}

void auditor::audit_rest() {
  const auto& t = w_.database.tables;
  found_.quarantined = t.quarantine.size();
  for (const auto& rows : t.outbox)
    if (!rows.empty()) violate(-1, "the outbox is not empty at rest");
  std::multiset<std::tuple<std::string, std::int32_t, std::int64_t>> kept;
  for (const auto& q : t.quarantine) kept.insert({q.topic, q.partition, q.offset});
  for (const auto& at : w_.inapplicable)
    if (kept.count(at) != 1)
      violate(-1, "a record that nobody can apply is in quarantine " +
                      std::to_string(kept.count(at)) + " times, not once: offset " +
                      std::to_string(std::get<2>(at)) + " of " + std::get<0>(at));
  for (const auto& s : t.shards)
    for (std::size_t i = 0; i < s.next_offset.size(); ++i) {
      const auto* topic = w_.log.find(t.topics[i].name);
      if (s.next_offset[i] != topic->partitions[static_cast<std::size_t>(s.id)].end())
        violate(-1, "S8: not every record of " + topic->name + " was read");
    }
  if (found_.effects != found_.standing + found_.undone) violate(-1, "the ledgers do not add up");
}
}  // namespace skald::sim
