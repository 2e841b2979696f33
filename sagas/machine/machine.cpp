#include "sagas/machine.hpp"

#include <algorithm>

#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
bool names_a_step(const turn& t) {
  switch (t.e.kind) {
    case event_kind::start:
    case event_kind::cancel:
    case event_kind::deadline:
    case event_kind::parking_over:
    case event_kind::pause:
    case event_kind::resume:
      return true;
    case event_kind::op_settle:
      return t.e.step == whole_saga || t.e.step < t.steps();
    default:
      return t.e.step < t.steps();
  }
}

bool is_input(event_kind k) {
  return k != event_kind::timer && k != event_kind::deadline && k != event_kind::parking_over;
}

void forget(saga& s) {
  if (naive(choice::delete_finished)) {
    saga fresh;
    fresh.jitter_seed = s.jitter_seed;
    fresh.steps.count = s.steps.count;
    s = fresh;
  }
  if (naive(choice::forget_occurrences)) {
    for (auto& st : s.steps.items) st.accepted = 0;
    s.counted.clear();
    s.surpluses.clear();
  }
}

// Nothing absurd goes further: a success or decline has an occurrence, and times are not negative.
event normalized(const event& e) {
  auto out = e;
  const bool result = e.kind == event_kind::ok || e.kind == event_kind::declined;
  if (result && e.occurrence == 0) out.occurrence = 1;
  out.at_ms = std::max<std::int64_t>(0, e.at_ms);
  out.after_ms = std::clamp<std::int64_t>(e.after_ms, 0, longest_delay_ms);
  return out;
}

bool timers_armed(const saga& s) {
  for (auto& st : s.steps)
    if (st.due_ms != 0) return true;
  for (auto& x : s.surpluses)
    if (x.due_ms != 0) return true;
  return false;
}
}  // namespace

outcome dispatch(turn& t) {
  const bool of_surplus = t.e.occurrence != 0 && t.e.kind == event_kind::timer;
  auto* x = t.e.kind == event_kind::undone || t.e.kind == event_kind::retry
                ? find_surplus_by_n(t.s, t.e.step, t.e.n)
                : nullptr;
  switch (t.e.kind) {
    case event_kind::start:
      return start(t);
    case event_kind::ok:
      return ok(t);
    case event_kind::declined:
      return declined(t);
    case event_kind::refused:
      return refused(t);
    case event_kind::retry:
      return x ? surplus_retry(t, *x) : retry(t);
    case event_kind::undone:
      return x ? surplus_undone(*x) : undone(t);
    case event_kind::timer:
      return of_surplus ? surplus_timer(t) : timer(t);
    case event_kind::cancel:
    case event_kind::deadline:
      return cancel(t);
    case event_kind::parking_over:
      return parking_over(t);
    case event_kind::pause:
      return pause(t);
    case event_kind::resume:
      return resume(t);
    case event_kind::op_retry:
    case event_kind::op_settle:
    case event_kind::op_done:
    case event_kind::op_not_done:
      return operators_word(t);
  }
  return unchanged(cell::malformed);
}

// Counts an input that changed nothing; a finished saga does not even count.
void note(saga& s, const event& e, const outcome& o) {
  const bool merely_recorded = !o.changed && o.verdict != verdict::overflow && is_input(e.kind);
  if (merely_recorded) note_stale(s);
}

void note_stale(saga& s) {
  if (!finished(s) && s.recorded < max_recorded) ++s.recorded;
}

outcome step(const definition& d, saga& s, const event& given, const facts& guards,
             std::vector<action>& actions) {
  if (s.phase == phase::none && s.steps.count == 0) s.steps.count = d.steps.count;
  SKALD_ASSERT(s.steps.count == d.steps.count,
               "a saga is run with another definition than its own");
  const auto e = normalized(given);
  turn t{d, s, e, guards, actions};
  const bool was_stuck = stuck(d, s);
  const auto o = !names_a_step(t) ? unchanged(cell::malformed)
                 : s.paused       ? while_paused(t)
                                  : dispatch(t);
  note(s, e, o);
  if (!was_stuck && stuck(d, s)) actions.push_back({.kind = action_kind::tell_stuck});
  if (naive_build && finished(s)) forget(s);
  check_invariants(d, s);
  return o;
}

bool item_open(const saga& s) {
  if (s.conflicts != 0) return true;
  for (auto& st : s.steps)
    if (st.status == status::to_operator) return true;
  for (auto& x : s.surpluses)
    if (x.now == surplus_state::state::to_operator) return true;
  return false;
}

bool finished(const saga& s) {
  if (s.phase == phase::none) return s.parked.empty();
  return (s.phase == phase::completed || s.phase == phase::aborted) && !item_open(s) &&
         !timers_armed(s);
}

bool stuck(const definition&, const saga& s) {
  return item_open(s) && !timers_armed(s);
}

std::int64_t next_due_ms(const saga& s) {
  std::int64_t next = 0;
  const auto consider = [&next](std::int64_t due_ms) {
    if (due_ms != 0 && (next == 0 || due_ms < next)) next = due_ms;
  };
  if (s.paused) return 0;
  consider(s.deadline_ms);
  consider(s.parking_ms);
  for (auto& st : s.steps) consider(st.due_ms);
  for (auto& x : s.surpluses) consider(x.due_ms);
  return next;
}

void due_events(const saga& s, std::int64_t now_ms, std::vector<event>& out) {
  if (s.paused) return;
  const auto first = static_cast<std::ptrdiff_t>(out.size());
  const auto add = [&](std::int64_t due_ms, event e) {
    if (due_ms == 0 || due_ms > now_ms) return;
    e.at_ms = due_ms;
    const auto later = [](const event& a, const event& b) { return a.at_ms < b.at_ms; };
    out.insert(std::upper_bound(out.begin() + first, out.end(), e, later), e);
  };
  add(s.deadline_ms, {.kind = event_kind::deadline});
  add(s.parking_ms, {.kind = event_kind::parking_over});
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    add(s.steps[i].due_ms, {.kind = event_kind::timer, .step = i, .arm = s.steps[i].arm});
  for (auto& x : s.surpluses)
    add(x.due_ms,
        {.kind = event_kind::timer, .step = x.step, .arm = x.arm, .occurrence = x.occurrence});
  for (auto i = out.begin() + first; i != out.end(); ++i) i->at_ms = now_ms;
}
}  // namespace skald::machine
