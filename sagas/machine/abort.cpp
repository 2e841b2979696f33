// Turning back: what must be known first (the pivot), and who may ask for it.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
outcome born_aborted(turn& t) {
  bool parked_ok = false;
  for (auto& p : t.s.parked) parked_ok |= p.ok;
  t.s.born_aborted = true;
  begin_abort(t);
  return decide(parked_ok ? cell::cancel_none_parked : cell::cancel_none, verdict::applied);
}

outcome cancel_running(turn& t) {
  switch (past_no_return(t) ? aborting::refused : abort(t)) {
    case aborting::refused:
      return unchanged(cell::cancel_too_late, verdict::refused);
    case aborting::resolving:
      return decide(cell::cancel_resolves, verdict::applied);
    case aborting::to_operator:
      return decide(cell::cancel_pivot, verdict::applied);
    case aborting::waits:
      return unchanged(cell::cancel_waits);
    case aborting::begun:
      break;
  }
  return decide(cell::cancel_aborts, verdict::applied);
}

outcome cancel_any(turn& t) {
  switch (t.s.phase) {
    case phase::none:
      return born_aborted(t);
    case phase::running:
      return cancel_running(t);
    case phase::aborting:
      return unchanged(cell::cancel_aborting, verdict::duplicate);
    case phase::aborted:
      return unchanged(cell::cancel_aborted, verdict::duplicate);
    case phase::completed:
      break;
  }
  return unchanged(cell::cancel_completed, verdict::refused);
}
}  // namespace

// Every step that may have taken effect is an obligation from now on.
void begin_abort(turn& t) {
  t.s.phase = phase::aborting;
  t.s.deadline_ms = t.s.parking_ms = 0;
  for (std::uint8_t i = 0; i < t.steps(); ++i) {
    if (t.s.steps[i].status != status::pending) continue;
    if (t.d.steps[i].awaits())
      move(t, i, status::declined);  // nobody was asked to do anything
    else
      disarm(t.s.steps[i]);
  }
  release_parked(t, true);
  continue_undo(t);
}

// The pivot's outcome must be found out before anything is undone.
aborting resolve(turn& t, std::uint8_t pivot) {
  auto& st = t.s.steps[pivot];
  if (naive(choice::pivot_assumed)) {
    move(t, pivot, status::declined);
    begin_abort(t);
    return aborting::begun;
  }
  if (t.d.steps[pivot].fence.empty()) {
    move(t, pivot, status::to_operator);
    return aborting::to_operator;
  }
  move(t, pivot, status::resolving);
  st.attempts = 1;
  st.undo_n = ++st.n;
  send_fence(t, pivot);
  arm(t, st.arm, st.due_ms, wait_ms(t, pivot, t.d.steps[pivot].undo_retry, 1, st.arm));
  if (naive(choice::resolving_without_timer)) disarm(st);
  return aborting::resolving;
}

void send_fence(turn& t, std::uint8_t pivot) {
  const auto& st = t.s.steps[pivot];
  t.actions.push_back(
      {.kind = action_kind::send_fence, .step = pivot, .attempt = st.attempts, .n = st.undo_n});
}

aborting abort(turn& t) {
  if (past_no_return(t)) {
    contradict(t, t.e.step);
    return aborting::refused;
  }
  if (const auto pivot = pivot_of(t.d); pivot != no_step) {
    const auto now = t.s.steps[pivot].status;
    if (now == status::pending) return resolve(t, pivot);
    const bool unknown = now == status::resolving || now == status::to_operator;
    if (unknown && !naive(choice::abort_does_not_wait)) return aborting::waits;
  }
  begin_abort(t);
  return aborting::begun;
}

outcome cancel(turn& t) {
  if (t.e.kind == event_kind::cancel) return cancel_any(t);
  if (t.s.deadline_ms == 0) return unchanged(cell::deadline_old);
  t.s.deadline_ms = 0;
  auto o = cancel_any(t);
  o.changed = true;
  return o;
}
}  // namespace skald::machine
