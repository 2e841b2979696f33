#include "orchestrator/translate.hpp"

#include <algorithm>

#include "sagas/guard.hpp"

namespace skald {
using machine::event_kind;

namespace {
constexpr std::string_view empty_reply = "skald.reply.v1";

event_kind action_of(std::string_view name, bool& known) {
  static constexpr std::pair<std::string_view, event_kind> all[] = {
      {"cancel", event_kind::cancel},       {"pause", event_kind::pause},
      {"resume", event_kind::resume},       {"retry", event_kind::op_retry},
      {"settle", event_kind::op_settle},    {"done", event_kind::op_done},
      {"not_done", event_kind::op_not_done}};
  known = true;
  for (const auto& [text, kind] : all)
    if (text == name) return kind;
  known = false;
  return event_kind::cancel;
}
}  // namespace

reading translator::read(const input& in, const live_saga& saga) {
  reading r;
  r.what.type = in.envelope.type;
  r.what.message_id = in.message_id;
  r.payload = in.data;
  r.problem = payload_.read(r.payload);
  if (!r.problem.empty()) return r;
  switch (in.from) {
    case input::source::start:
      read_start(in, saga, r);
      break;
    case input::source::reply:
      read_reply(in, saga, r);
      break;
    case input::source::event:
      read_event(in, saga, r);
      break;
    case input::source::action:
      read_action(saga, r);
      break;
    case input::source::timer:
      break;  // not read from the wire
  }
  return r;
}

void translator::read_start(const input& in, const live_saga& saga, reading& r) {
  const auto& d = *saga.definition;
  r.event.kind = event_kind::start;
  if (saga.state.phase != machine::phase::none) return;  // a duplicate, whatever it says
  if (catalog_.active(d.spec().name) == nullptr) {
    r.problem = "no version of the definition is active: new sagas cannot start";
    return;
  }
  if (in.envelope.type != d.spec().starts.event) {
    r.problem = "ce_type is not the event that starts this saga";
    return;
  }
  r.ignored = !holds(d.spec().starts.only,
                     [this](const place& p) { return payload_.cut(p.field).value_or(""); });
  if (!r.ignored) r.problem = missing_value(d, in.envelope.type, payload_);
  r.has_values = true;
}

void translator::read_reply(const input& in, const live_saga& saga, reading& r) {
  const auto step = saga.definition->step_named(in.answered.step);
  if (!step) {
    r.problem = "the command answered names a step that the saga's definition does not have";
    return;
  }
  r.event.step = *step;
  r.what.step = *step;
  switch (in.envelope.outcome) {
    case wire::outcome::ok:
      return read_ok(in, saga, *step, r);
    case wire::outcome::declined:
      return read_declined(in, saga, *step, r);
    case wire::outcome::undone:
      r.event.kind = event_kind::undone;
      break;
    case wire::outcome::refused:
      r.event.kind = event_kind::refused;
      break;
    case wire::outcome::retry:
      r.event.kind = event_kind::retry;
      r.event.after_ms = std::clamp<std::int64_t>(in.envelope.retry_after_ms, 0, 86'400'000);
      break;
    case wire::outcome::none:
      r.problem = "ce_sagaoutcome is missing";
      return;
  }
  r.event.n = in.answered.n;
}

void translator::read_ok(const input& in, const live_saga& saga, std::uint8_t step, reading& r) {
  const auto& d = *saga.definition;
  const auto& s = d.spec().steps[step];
  r.event.kind = event_kind::ok;
  r.what.ok = true;
  const auto type = in.envelope.type;
  if (type != s.done && type != empty_reply) {
    r.problem = "ce_type is not the step's event of success";
    return;
  }
  r.what.type = s.done;
  r.problem = missing_value(d, s.done, payload_);
  r.event.occurrence = r.what.occurrence = occurrence_of(in, saga, step, r);
  r.has_values = true;
}

void translator::read_declined(const input& in, const live_saga& saga, std::uint8_t step,
                               reading& r) {
  const auto& d = *saga.definition;
  const auto& s = d.spec().steps[step];
  r.event.kind = event_kind::declined;
  if (in.envelope.type != empty_reply && !s.failed.has(in.envelope.type)) {
    r.problem = "ce_type is not among the step's events of a decline";
    return;
  }
  r.problem = missing_value(d, in.envelope.type, payload_);
  r.event.occurrence = r.what.occurrence = occurrence_of(in, saga, step, r);
  r.has_values = true;
}

// What the definition says tells effects apart; by default the message of an await, the command of
// a commanded step. A decline may lack the field: then it is about the command as a whole.
std::uint64_t translator::occurrence_of(const input& in, const live_saga& saga, std::uint8_t step,
                                        reading& r) {
  const auto& s = saga.definition->spec().steps[step];
  if (!s.occurrence.field.empty()) {
    if (const auto word = payload_.word(s.occurrence.field)) return hash64(*word);
    if (r.what.ok) r.problem = "the data lacks the value that tells occurrences apart";
  }
  if (s.awaits()) return hash64(in.message_id);
  scratch_.clear();
  wire::append(scratch_, {saga.id, s.name, wire::kind::do_, 0});
  return hash64(scratch_);
}

// The step by the saga's own version, which may bind the event elsewhere than the newest does.
void translator::read_event(const input& in, const live_saga& saga, reading& r) {
  const auto& steps = saga.definition->spec().steps;
  for (std::uint8_t i = 0; i < steps.size(); ++i) {
    const auto& s = steps[i];
    if (!s.awaits() || s.await.topic != in.topic) continue;
    const bool ok = s.done == in.envelope.type;
    if (!ok && !s.failed.has(in.envelope.type)) continue;
    if (!holds(s.await.only, [this](const place& p) { return payload_.cut(p.field).value_or(""); }))
      continue;
    r.event.step = r.what.step = i;
    return ok ? read_ok(in, saga, i, r) : read_declined(in, saga, i, r);
  }
  r.ignored = true;
}

void translator::read_action(const live_saga& saga, reading& r) {
  bool known = false;
  const auto word = payload_.word("/action");
  r.event.kind = action_of(word.value_or(""), known);
  if (!known) {
    r.problem = "the action is not cancel, pause, resume, retry, settle, done or not_done";
    return;
  }
  if (const auto step = payload_.word("/step")) {
    const auto no = saga.definition->step_named(*step);
    if (!no) {
      r.problem = "the action names a step that the saga's definition does not have";
      return;
    }
    r.event.step = r.what.step = *no;
  }
  if (const auto occurrence = payload_.word("/occurrence"))
    r.event.occurrence = hash64(*occurrence);
  r.event.in_books = payload_.cut("/in_books") == "true";
  const auto expected = payload_.word("/if_seq");
  r.stale = expected && *expected != std::to_string(saga.seq);
}
}  // namespace skald
