#include "orchestrator/decide.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/clause_counts.hpp"
#include "orchestrator/failpoint.hpp"
#include "orchestrator/journal.hpp"
#include "orchestrator/quarantine.hpp"
#include "outbox/frame.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald {
using machine::event_kind;
using machine::verdict;

namespace {
constexpr std::string_view no_such_saga = "there is no saga of this key, and this begins none";
constexpr std::string_view too_many_wait =
    "its saga has not started, and as many others of the shard wait for their start as may";

enum facet : std::uint8_t { parked, running, aborting, paused, stuck, surplus_open };

std::uint8_t facet_of(const live_saga& saga) {
  const auto& s = saga.state;
  if (s.paused) return paused;
  if (machine::stuck(saga.definition->spec(), s)) return stuck;
  switch (s.phase) {
    case machine::phase::none:
      return parked;
    case machine::phase::running:
      return running;
    case machine::phase::aborting:
      return aborting;
    default:
      return surplus_open;
  }
}
}  // namespace

namespace {
// The step that an operator must look at; whole_saga: none, but a surplus or a conflict.
std::uint8_t waiting_step(const machine::saga& s) {
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (s.steps[i].status == machine::status::to_operator) return i;
  return machine::whole_saga;
}
}  // namespace

void decider::begin(batch& b, std::int64_t at_ms) {
  batch_ = &b;
  at_ms_ = at_ms;
  touched_.clear();
  notes_.clear();
}

void decider::quarantine(std::int16_t shard, const wire::record& record, std::string_view reason) {
  batch_->quarantined.push_back(quarantined(shard, record, reason));
  shard_(shard).touched = true;
}

bool decider::forward(std::int16_t shard, const std::string& topic, std::string_view key,
                      const std::vector<wire::header>& headers, std::string_view value) {
  auto& s = shard_(shard);
  wire::append_frame(s.packed, topic, key, headers, value);
  ++s.frames;
  s.touched = true;
  return true;  // what is too large is found when it is sent
}

void decider::refuse(const input& in, quarantine_reason why, std::string_view reason) {
  topics_.quarantined(in.record->topic, why);
  quarantine(in.shard, *in.record, reason);
}

live_saga* decider::find_or_make(const input& in) {
  if (auto* known = sagas_.find(in.saga)) return known;
  if (in.from == input::source::timer) return nullptr;
  auto& saga = sagas_.add(in.saga);
  saga.shard = in.shard;
  saga.definition = in.definition;
  saga.key = in.key;
  saga.state.jitter_seed = jitter_seed(in.saga);
  return &saga;
}

void decider::decide(const input& in) {
  auto* saga = find_or_make(in);
  if (saga) spans_.join(*saga, in);
  if (in.from == input::source::timer) {
    if (!saga || saga->fresh) return shard_(in.shard).open.forget(in.timer_no);
    apply_timers(in, *saga);
    return sagas_.weigh(*saga);
  }
  if (saga->key != in.key)
    return refuse(in, quarantine_reason::unreadable, "the record's key is not the saga's key");
  auto r = translator_.read(in, *saga);
  if (!r.problem.empty()) {
    refuse(in, quarantine_reason::unreadable, r.problem);
  } else if (r.ignored) {
    in.counts->unmatched.add();
  } else {
    r.event.at_ms = at_ms_;
    apply(in, *saga, r.event, r);
  }
  if (saga->fresh && !saga->touched) return sagas_.erase(saga->id);
  sagas_.weigh(*saga);
}

void decider::apply_timers(const input& in, live_saga& saga) {
  due_.clear();
  const auto due_ms = machine::next_due_ms(saga.state);
  machine::due_events(saga.state, at_ms_, due_);
  for (const auto& e : due_) {
    meter_.timer_fired(at_ms_ - due_ms);
    failpoint::pass("timer.fired");
    apply(in, saga, e, {});
  }
  if (!saga.touched)
    shard_(saga.shard).open.set(saga.no, saga.id, machine::next_due_ms(saga.state), facet_of(saga));
}

void decider::apply(const input& in, live_saga& saga, const machine::event& event,
                    const reading& r) {
  actions_.clear();
  const bool has_row = !saga.fresh || saga.touched;
  // Who sent an action waits for its verdict. Only holders of a key can send one.
  const bool awaited = in.from == input::source::action && has_row;
  if (saga.no == 0 && in.from == input::source::event &&
      shard_(saga.shard).open.waiting_for_start() >= most_waiting_for_start)
    return refuse(in, quarantine_reason::too_much, too_many_wait);
  if (r.stale) {
    if (saga.no == 0) return refuse(in, quarantine_reason::unknown, no_such_saga);
    if (!awaited) return in.counts->late.add();
    machine::note_stale(saga.state);
    return write_journal(saga, event, r, stale_outcome);
  }
  const auto before = saga.values.here();
  if (r.has_values && !keep_values(saga, r.what, translator_.payload())) {
    saga.values.rewind(before);
    return refuse(in, quarantine_reason::too_much,
                  "the saga holds as many values as one saga may (128 KiB)");
  }
  const auto recorded = saga.state.recorded;
  meter_.before(saga, event);
  const auto outcome =
      machine::step(saga.definition->spec(), saga.state, event, guard_facts(saga), actions_);
  if (!keeps_values(outcome.verdict)) saga.values.rewind(before);
  count_clause(outcome);
  if (saga.no == 0 && !outcome.changed) return refuse(in, quarantine_reason::unknown, no_such_saga);
  meter_.counted(in, outcome);
  if (outcome.verdict == verdict::overflow)
    return refuse(in, quarantine_reason::too_much, outcome.why);
  meter_.after(saga, event, outcome, actions_);
  const bool noted = saga.state.recorded > recorded && saga.state.recorded <= machine::max_recorded;
  if (!outcome.changed && !awaited && !(noted && has_row)) return;
  write_journal(saga, event, r, static_cast<std::uint8_t>(outcome.verdict));
  spans_.received(saga, in, machine::name(outcome.verdict), at_ms_);
  if (outcome.verdict == verdict::conflict)
    note(in, saga, "saga.conflict", "A participant contradicts its earlier answer", event.step);
  auto& shard = shard_(saga.shard);
  for (const auto& a : actions_)
    if (commands_.write(saga, a, in.envelope, at_ms_, shard)) {
      meter_.sent(saga, a);
      if (a.kind == machine::action_kind::tell_stuck)
        note(in, saga, "saga.stuck", "A saga waits for an operator", waiting_step(saga.state));
    } else {
      meter_.not_sent(saga, a);
      note(in, saga, "command.impossible", "A command lacks a value that it cannot do without",
           a.step);
    }
}

void decider::write_journal(live_saga& saga, const machine::event& event, const reading& r,
                            std::uint8_t outcome) {
  auto& shard = shard_(saga.shard);
  if (saga.fresh && saga.no == 0) {
    saga.no = saga_no::take(shard.next_no, at_ms_, shard.id());
    shard.young.push_back(saga.no);
  }
  if (!saga.touched) {
    saga.touched = true;
    touched_.push_back(&saga);
  }
  shard.touched = true;
  const auto row = to_journal(event);
  batch_->journal.push_back({.saga_no = saga.no,
                             .seq = ++saga.seq,
                             .kind = row.kind,
                             .step = row.step,
                             .number = row.number,
                             .occurrence = row.occurrence,
                             .message_id = r.what.message_id,
                             .type = r.what.type,
                             .payload = r.payload,
                             .outcome = outcome,
                             .commands_hash = hash_of(actions_)});
}

void decider::note(const input& in, const live_saga& saga, std::string_view event, std::string text,
                   std::uint8_t step) {
  log_entry e{severity::warning, event, std::move(text)};
  e.saga = saga.id;
  e.definition = saga.definition->spec().name;
  if (step < saga.definition->spec().steps.size()) {
    e.step = saga.definition->spec().steps[step].name;
    e.attempt = saga.state.steps[step].attempts;
  }
  e.trace_id = trace::trace_id(saga.trace);
  e.partition = saga.shard;
  if (in.record) {
    e.topic = in.record->topic;
    e.offset = in.record->offset;
  }
  notes_.push_back(std::move(e));
}

void decider::tell(const reporter& report) {
  for (const auto& e : notes_) report(e);
  notes_.clear();
}

void decider::end() {
  for (auto* saga : touched_) end_saga(*saga);
}

void decider::end_saga(live_saga& saga) {
  auto& shard = shard_(saga.shard);
  const auto due_ms = machine::next_due_ms(saga.state);
  auto& rows = saga.fresh ? batch_->fresh : batch_->changed;
  rows.push_back({.no = saga.no,
                  .id = saga.id,
                  .definition = saga.definition->no(),
                  .key = saga.key,
                  .phase = static_cast<std::uint8_t>(saga.state.phase),
                  .seq = saga.seq,
                  .due_ms = due_ms,
                  .state = machine::encode(saga.state),
                  .trace = trace::pack(saga.trace)});
  if (std::exchange(saga.retraced, false) && !saga.fresh)
    batch_->retraced.emplace_back(saga.no, trace::pack(saga.trace));
  auto* open = shard.open.find(saga.no);
  if (machine::finished(saga.state)) {
    if (open && open->has_row) batch_->closed.push_back(saga.no);
    return shard.open.forget(saga.no);
  }
  const auto facet = facet_of(saga);
  const bool had_row = open && open->has_row, same = had_row && open->facet == facet;
  const bool reopened = !open && !saga.fresh;  // whoever took over since does not watch it
  shard.open.set(saga.no, saga.id, due_ms, facet);
  // Beside the old ones, listed at once: what is open again, and what waits for people.
  const bool listed = had_row || reopened || saga.no < shard.swept_no() || facet >= paused ||
                      machine::item_open(saga.state);
  if (listed && !same) batch_->opened.push_back({saga.no, saga.shard, facet});
  shard.open.find(saga.no)->has_row = listed;
}
}  // namespace skald
