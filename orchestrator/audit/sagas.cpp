#include "orchestrator/audit/sagas.hpp"

#include "orchestrator/saga_no.hpp"
#include "orchestrator/values.hpp"
#include "sagas/assert.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald::audit {
using machine::action_kind;

namespace {
std::map<std::int16_t, std::int64_t> by_shard(const std::vector<shard_mark>& marks) {
  std::map<std::int16_t, std::int64_t> all;
  for (const auto& m : marks) all[m.id] = m.swept_no;
  return all;
}

std::string event_text(const recorded& row) {
  return "event " + std::to_string(row.seq) + " (" + std::string(name(row.event.kind)) + ")";
}

// "<saga id>/<seq>/<event>[/<step>]", as docs/contract.md names saga events.
void append_event_id(std::string& id, const live_saga& saga, const machine::action& a) {
  static constexpr std::string_view words[] = {"started", "completed", "aborted", "stuck", "step"};
  const auto kind =
      static_cast<std::size_t>(a.kind) - static_cast<std::size_t>(action_kind::tell_started);
  append(id, saga.id);
  id += "/" + std::to_string(saga.seq) + "/" + std::string(words[kind]);
  const auto& steps = saga.definition->spec().steps;
  if (a.step < steps.size()) id += "/" + std::string(steps[a.step].name);
}
}  // namespace

std::uint64_t fingerprint(std::string_view id, int attempt) {
  return hash64(std::string(id) + "#" + std::to_string(attempt));
}

saga_examiner::saga_examiner(const snapshot& from, std::vector<shard_mark> shards,
                             std::int64_t overdue_ms, mismatches& found)
    : from_(from), swept_no_(by_shard(shards)), overdue_ms_(overdue_ms), found_(found) {}

void saga_examiner::add(const saga_head& h, std::string_view kind, std::string what) {
  found_.add({kind, h.no, to_string(h.id), h.key, std::move(what)});
}

void saga_examiner::orphan(std::int64_t no, std::int64_t horizon_ms) {
  if (saga_no::at_ms(no) < from_.now_ms() - horizon_ms) return;  // retention is at work there
  found_.add(
      {kind::orphan_history, no, "", "", "the journal has rows of a saga that is not there"});
}

folder& saga_examiner::begin(const saga_head& h) {
  auto& f = folders_[h.definition];
  if (!f) f = std::make_unique<folder>(*from_.definitions().at(h.definition), h.id, h.key);
  f->begin(h.id, h.key);
  return *f;
}

void saga_examiner::examine(const saga_head& h, std::span<const recorded> rows, const sent& out) {
  ++counts_.sagas;
  counts_.rows += static_cast<std::int64_t>(rows.size());
  const std::string name(from_.definitions().at(h.definition)->spec().name);
  auto ns = namespaces_.find(name);
  if (ns == namespaces_.end()) ns = namespaces_.emplace(name, saga_namespace(name)).first;
  if (saga_id(ns->second, h.key) != h.id)
    add(h, kind::wrong_id, "its id is not the one that follows from its definition and key");
  machine::saga stored;
  if (const auto problem = machine::decode(h.state, stored); !problem.empty()) {
    add(h, kind::state_differs, "its state cannot be read: " + std::string(problem));
    return;
  }
  ++counts_.phases[machine::name(stored.phase)];
  counts_.born_aborted += stored.born_aborted;
  examine_state(h, stored);
  if (dense(h, rows)) decide_again(h, rows, out);
}

bool saga_examiner::dense(const saga_head& h, std::span<const recorded> rows) {
  std::int32_t expected = 1;
  for (const auto& row : rows) {
    if (row.seq != expected) {
      add(h, kind::history_gap,
          "event " + std::to_string(expected) +
              " is missing: the history "
              "goes on with event " +
              std::to_string(row.seq));
      return false;
    }
    ++expected;
  }
  if (expected - 1 == h.seq) return true;
  add(h, kind::history_gap,
      "its history has " + std::to_string(expected - 1) + " events, and the saga counts " +
          std::to_string(h.seq));
  return false;
}

void saga_examiner::decide_again(const saga_head& h, std::span<const recorded> rows,
                                 const sent& out) {
  auto& f = begin(h);
  bool same = true;
  for (const auto& row : rows) {
    folded now;
    try {
      now = f.feed(row);
    } catch (const invariant_error& e) {
      return add(h, kind::decided_otherwise,
                 event_text(row) + " breaks an invariant now: " + e.what());
    }
    counts_.starts += row.event.kind == machine::event_kind::start &&
                      now.decided.verdict == machine::verdict::applied &&
                      row.outcome != stale_outcome && !f.saga().state.born_aborted;
    counts_.impossible += send_all(f, h.key, out);
    if (now.same() || !same) continue;
    same = false;
    add(h, kind::decided_otherwise,
        event_text(row) + " is decided otherwise now: " +
            (now.same_outcome ? "other commands"
                              : std::string(machine::name(now.decided.verdict))));
  }
  if (same && machine::encode(f.saga().state) != h.state)
    add(h, kind::state_differs, "its history does not lead to the state that is stored");
}

void saga_examiner::imply(const saga_head& h, std::span<const recorded> rows, const sent& out) {
  auto& f = begin(h);
  try {
    for (const auto& row : rows) {
      f.feed(row);
      send_all(f, h.key, out);
    }
  } catch (const invariant_error&) {
    return;  // named by decide_again
  }
}

std::int64_t saga_examiner::send_all(const folder& f, std::string_view key, const sent& out) {
  std::int64_t impossible = 0;
  const auto& saga = f.saga();
  const auto& d = *saga.definition;
  for (const auto& a : f.actions()) {
    id_.clear();
    if (a.kind > action_kind::send_fence) {
      append_event_id(id_, saga, a);
      out({id_, 0, from_.prefix() + ".saga-events", key});
      continue;
    }
    const auto& all = d.messages(a.step);
    const auto& m = a.kind == action_kind::send_do      ? all.forward
                    : a.kind == action_kind::send_fence ? all.fence
                                                        : all.undo;
    body_.clear();
    if (m.empty() || !m.body.write(saga_values(saga, a.step, a.occurrence), body_)) {
      ++impossible;
      continue;
    }
    wire::append(id_, {saga.id, d.spec().steps[a.step].name, m.kind, a.n});
    out({id_, a.attempt, m.topic, key});
  }
  return impossible;
}

void saga_examiner::examine_state(const saga_head& h, const machine::saga& s) {
  if (static_cast<std::uint8_t>(s.phase) != h.phase || machine::next_due_ms(s) != h.due_ms)
    add(h, kind::columns_differ, "its columns phase and due_ms are not those of its state");
  examine_timer(h, s);
  const bool over = machine::finished(s);
  const auto swept = swept_no_.find(saga_no::shard(h.no));
  if (over && h.listed) add(h, kind::wrongly_listed, "it is finished, and table open lists it");
  if (!over && !h.listed && swept != swept_no_.end() && h.no < swept->second)
    add(h, kind::not_listed, "it is open, and no take-over would find it: table open lacks it");
}

void saga_examiner::examine_timer(const saga_head& h, const machine::saga& s) {
  if (machine::finished(s) || s.paused) return;
  const auto due_ms = machine::next_due_ms(s);
  if (due_ms == 0) {
    if (!machine::item_open(s))
      add(h, kind::hangs, "it is open with no timer and no operator item: nothing will move it");
    return;
  }
  const auto late_ms = from_.now_ms() - due_ms;
  if (late_ms <= overdue_ms_) return;
  const bool parked = s.phase == machine::phase::none;
  add(h, parked ? kind::parked_too_long : kind::overdue,
      (parked ? "its parking time was over " : "its timer was due ") +
          std::to_string(late_ms / 1000) + " s ago");
}

void saga_examiner::judge_counts() {
  const auto in = [&](machine::phase p) {
    const auto found = counts_.phases.find(machine::name(p));
    return found == counts_.phases.end() ? 0 : found->second;
  };
  using machine::phase;
  const auto begun =
      in(phase::completed) + in(phase::aborted) + in(phase::running) + in(phase::aborting);
  if (counts_.starts + counts_.born_aborted == begun) return;
  found_.add({kind::start_count, 0, "", "",
              std::to_string(counts_.starts) + " accepted starts and " +
                  std::to_string(counts_.born_aborted) + " sagas born aborted are not the " +
                  std::to_string(begun) + " that completed, aborted or are under way"});
}
}  // namespace skald::audit
