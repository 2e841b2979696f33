// The rows `declined`, `refused` and `retry`: a step did not take effect.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
// The same key again after a pause. False: no attempt is left, or one is waiting already.
bool wait_and_retry(turn& t, const backoff& b, std::int64_t after_ms) {
  auto& st = t.state();
  if (st.waiting || !attempts_left(b, st.attempts)) return false;
  ++st.attempts;
  st.waiting = true;
  const auto hash = mix(t.s.jitter_seed ^ mix(std::uint64_t{t.e.step} << 16 | st.arm));
  const auto pause = pause_ms(b, st.attempts - 1, hash);
  arm(t, st.arm, st.due_ms, std::max(pause, after_ms));
  return true;
}

outcome retriable_declined(turn& t) {
  const bool again = wait_and_retry(t, t.def().retry, 0);
  return again ? decide(cell::declined_retriable, verdict::applied)
               : unchanged(cell::declined_retriable_last);
}

outcome give_up(turn& t, cell c) {
  move(t, t.e.step, status::declined);
  abort(t);
  return decide(c, verdict::applied);
}

bool pivot_is_out(const turn& t) {
  const auto pivot = pivot_of(t.d);
  if (pivot == no_step) return false;
  const auto now = t.s.steps[pivot].status;
  return now == status::pending || now == status::resolving || now == status::to_operator;
}

// The participant said both. Nothing is undone any more once the pivot may take effect.
outcome contradiction(turn& t) {
  if (!pivot_is_out(t) && !past_no_return(t)) {
    abort(t);
    return decide(cell::declined_contradicts, verdict::applied);
  }
  return decide(cell::declined_conflict, verdict::conflict, contradict(t, t.e.step));
}

outcome declined_running(turn& t) {
  const auto kind = t.def().kind();
  switch (t.state().status) {
    case status::idle:
      return park(t, cell::declined_idle, cell::declined_idle_again);
    case status::pending:
      return kind == kind::retriable ? retriable_declined(t) : give_up(t, cell::declined_pending);
    case status::resolving:
      return give_up(t, cell::declined_pivot);
    case status::to_operator:
      if (kind == kind::pivot) return give_up(t, cell::declined_pivot);
      break;
    case status::done:
      if (kind != kind::retriable && t.state().accepted == t.e.occurrence) return contradiction(t);
      break;
    default:
      break;
  }
  return unchanged(cell::declined_running);
}

outcome declined_completed(turn& t) {
  const bool contradicts = t.state().status == status::done && t.def().kind() != kind::retriable &&
                           t.state().accepted == t.e.occurrence;
  if (!contradicts) return unchanged(cell::declined_completed_else);
  return decide(cell::declined_completed, verdict::conflict, contradict(t, t.e.step));
}

// In ABORTING only a pending step learns something: it needs no undo.
outcome declined_aborting(turn& t, cell pending, cell otherwise) {
  if (t.state().status != status::pending) return unchanged(otherwise);
  move(t, t.e.step, status::declined);
  continue_undo(t);
  return decide(pending, verdict::applied);
}

outcome refused_running(turn& t) {
  if (t.state().status != status::pending) return unchanged(cell::refused_running);
  if (t.def().kind() != kind::retriable) return give_up(t, cell::refused_pending);
  const bool again = wait_and_retry(t, t.def().retry, 0);
  return decide(cell::refused_pending, again ? verdict::applied : verdict::recorded, again);
}

outcome retry_running(turn& t) {
  const auto& st = t.state();
  const bool pending = st.status == status::pending && !t.def().awaits() && t.e.n == 0;
  const bool resolving = st.status == status::resolving && t.e.n == st.undo_n;
  if (st.waiting || (!pending && !resolving)) return unchanged(cell::retry_running_else);
  const bool again = wait_and_retry(t, pending ? t.def().retry : t.def().undo_retry, t.e.after_ms);
  return again ? decide(cell::retry_running, verdict::applied) : unchanged(cell::retry_last);
}

outcome retry_aborting(turn& t) {
  const auto& st = t.state();
  if (st.status != status::undoing || st.waiting || t.e.n != st.undo_n)
    return unchanged(cell::retry_aborting_else);
  const bool again = wait_and_retry(t, t.def().undo_retry, t.e.after_ms);
  return again ? decide(cell::retry_aborting, verdict::applied) : unchanged(cell::retry_last);
}
}  // namespace

outcome declined(turn& t) {
  switch (t.s.phase) {
    case phase::none:
      return park(t, cell::declined_none, cell::declined_none_again);
    case phase::running:
      return declined_running(t);
    case phase::aborting:
      return declined_aborting(t, cell::declined_aborting, cell::declined_aborting_else);
    case phase::aborted:
      return unchanged(cell::declined_aborted);
    case phase::completed:
      break;
  }
  return declined_completed(t);
}

outcome refused(turn& t) {
  switch (t.s.phase) {
    case phase::none:
      return unchanged(cell::refused_none);
    case phase::running:
      return refused_running(t);
    case phase::aborting:
      return declined_aborting(t, cell::refused_aborting, cell::refused_aborting_else);
    case phase::aborted:
      return unchanged(cell::refused_aborted);
    case phase::completed:
      break;
  }
  return unchanged(cell::refused_completed);
}

outcome retry(turn& t) {
  if (naive(choice::retry_is_decline)) return declined(t);
  switch (t.s.phase) {
    case phase::none:
      return unchanged(cell::retry_none);
    case phase::running:
      return retry_running(t);
    case phase::aborting:
      return retry_aborting(t);
    case phase::aborted:
      return unchanged(cell::retry_aborted);
    case phase::completed:
      break;
  }
  return unchanged(cell::retry_completed);
}
}  // namespace skald::machine
