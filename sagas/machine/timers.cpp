// The row `timer`: nothing was heard in time.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
bool is_current(turn& t) {
  if (naive(choice::timer_without_arm)) return true;
  return t.state().due_ms != 0 && t.state().arm == t.e.arm;
}

// Counts one more attempt, unless a `retry` reply has counted it already. False: none is left.
bool next_attempt(step_state& st, const backoff& b) {
  if (st.waiting) {
    st.waiting = false;
    return true;
  }
  if (!attempts_left(b, st.attempts)) return false;
  ++st.attempts;
  return true;
}

void arm_attempt(turn& t, const backoff& b) {
  auto& st = t.state();
  if (st.status == status::resolving && naive(choice::resolving_without_timer)) return disarm(st);
  arm(t, st.arm, st.due_ms, wait_ms(t, t.e.step, b, st.attempts, st.arm));
}

outcome exhausted(turn& t) {
  switch (t.def().kind()) {
    case kind::retriable:
      move(t, t.e.step, status::to_operator);
      return decide(cell::timer_retriable, verdict::applied);
    case kind::pivot:
      return decide(
          resolve(t, t.e.step) == aborting::resolving ? cell::timer_resolves : cell::timer_pivot,
          verdict::applied);
    case kind::compensatable:
      break;
  }
  disarm(t.state());
  if (naive(choice::timeout_is_failure)) move(t, t.e.step, status::declined);
  abort(t);
  return decide(cell::timer_aborts, verdict::applied);
}

outcome pending_timer(turn& t) {
  if (t.def().awaits() || !next_attempt(t.state(), t.def().retry)) return exhausted(t);
  send_do(t, t.e.step);
  arm_attempt(t, t.def().retry);
  return decide(cell::timer_resends, verdict::applied);
}

outcome fence_timer(turn& t) {
  if (!next_attempt(t.state(), t.def().undo_retry)) {
    move(t, t.e.step, status::to_operator);
    return decide(cell::timer_fence_last, verdict::applied);
  }
  send_fence(t, t.e.step);
  arm_attempt(t, t.def().undo_retry);
  return decide(cell::timer_fence, verdict::applied);
}

outcome undo_timer(turn& t) {
  if (next_attempt(t.state(), t.def().undo_retry)) {
    send_undo(t, t.e.step);
    arm_attempt(t, t.def().undo_retry);
    return decide(cell::timer_undo, verdict::applied);
  }
  move(t, t.e.step, naive(choice::best_effort_undo) ? status::settled : status::to_operator);
  continue_undo(t);
  return decide(cell::timer_undo_last, verdict::applied);
}

// What an engine would do that takes every timer for that of a pending step.
outcome naive_timer(turn& t) {
  if (t.state().status == status::idle || t.state().status == status::skipped)
    return unchanged(cell::timer_old);
  t.s.phase = phase::running;
  t.state().status = status::pending;
  if (!t.def().awaits() && next_attempt(t.state(), t.def().retry)) {
    send_do(t, t.e.step);
    arm_attempt(t, t.def().retry);
  } else {
    begin_abort(t);
  }
  return decide(cell::timer_completed, verdict::applied);
}

outcome timer_running(turn& t) {
  if (!is_current(t)) return unchanged(cell::timer_old);
  switch (t.state().status) {
    case status::pending:
      return pending_timer(t);
    case status::resolving:
      return fence_timer(t);
    default:
      break;
  }
  return naive(choice::timer_without_arm) ? naive_timer(t) : unchanged(cell::timer_old);
}

outcome timer_aborting(turn& t) {
  if (t.state().status == status::pending) return unchanged(cell::timer_pending_aborting);
  if (!is_current(t) || t.state().status != status::undoing) return unchanged(cell::timer_old);
  return undo_timer(t);
}
}  // namespace

outcome timer(turn& t) {
  switch (t.s.phase) {
    case phase::none:
      return unchanged(cell::timer_none);
    case phase::running:
      return timer_running(t);
    case phase::aborting:
      return timer_aborting(t);
    case phase::aborted:
      return unchanged(cell::timer_aborted);
    case phase::completed:
      break;
  }
  return naive(choice::timer_without_arm) ? naive_timer(t) : unchanged(cell::timer_completed);
}
}  // namespace skald::machine
