// The operator's word: only about what waits for it. A word that is not in the participant's books
// is marked, so that the world's own word still counts when it comes.
#include <limits>

#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
outcome refuse() {
  return unchanged(cell::op_refused, verdict::refused);
}

outcome about_surplus(turn& t) {
  auto* x = find_surplus(t.s, t.e.step, t.e.occurrence);
  if (!x || x->now != surplus_state::state::to_operator) return refuse();
  if (t.e.kind == event_kind::op_settle) {
    x->now = surplus_state::state::closed;
    x->risked = !t.e.in_books;
    return decide(cell::op_settle_surplus, verdict::applied);
  }
  if (t.e.kind != event_kind::op_retry || !t.def().has_undo()) return refuse();
  undo_surplus(t, *x);
  return decide(cell::op_retry_surplus, verdict::applied);
}

outcome about_conflict(turn& t) {
  if (t.e.kind != event_kind::op_settle || t.s.conflicts == 0) return refuse();
  t.s.conflicts = 0;
  return decide(cell::op_settle_conflict, verdict::applied);
}

// The same key as before: the command, or the fence if that is what was not answered.
outcome retry_forward(turn& t) {
  auto& st = t.state();
  const bool fence = t.def().kind() == kind::pivot && st.undo_n != 0;
  const auto& b = fence ? t.def().undo_retry : t.def().retry;
  move(t, t.e.step, fence ? status::resolving : status::pending);
  st.attempts = 1;
  if (fence)
    send_fence(t, t.e.step);
  else if (!t.def().awaits())
    send_do(t, t.e.step);
  arm(t, st.arm, st.due_ms, wait_ms(t, t.e.step, b, 1, st.arm));
  return decide(t.def().kind() == kind::pivot ? cell::op_retry_pivot : cell::op_retry_retriable,
                verdict::applied);
}

outcome running(turn& t) {
  auto& st = t.state();
  if (st.status != status::to_operator) return refuse();
  if (t.e.kind == event_kind::op_retry) return retry_forward(t);
  if (t.e.kind == event_kind::op_done) {
    st.risked = !t.e.in_books;
    move(t, t.e.step, status::done);
    advance(t);
    return decide(cell::op_done, verdict::applied);
  }
  if (t.e.kind != event_kind::op_not_done || t.def().kind() != kind::pivot) return refuse();
  st.risked = !t.e.in_books;
  move(t, t.e.step, status::settled);
  abort(t);
  return decide(cell::op_not_done, verdict::applied);
}

outcome aborting_word(turn& t) {
  auto& st = t.state();
  if (st.status != status::to_operator) return refuse();
  if (t.e.kind == event_kind::op_settle) {
    st.dirty = false;
    st.risked = !t.e.in_books;
    move(t, t.e.step, status::settled);
    continue_undo(t);
    return decide(cell::op_settle, verdict::applied);
  }
  if (t.e.kind != event_kind::op_retry) return refuse();
  move(t, t.e.step, status::undoing);
  st.attempts = 1;
  send_undo(t, t.e.step);
  arm(t, st.arm, st.due_ms, wait_ms(t, t.e.step, t.def().undo_retry, 1, st.arm));
  return decide(cell::op_retry_undo, verdict::applied);
}

outcome undo_again(turn& t) {
  const bool settled = t.state().status == status::settled && t.def().has_undo();
  if (t.e.kind != event_kind::op_retry || !settled) return refuse();
  if (t.state().n >= std::numeric_limits<std::uint16_t>::max() - max_counted)
    return unchanged(cell::overflow_undos, verdict::refused);
  t.s.phase = phase::aborting;
  start_undo(t, t.e.step);
  continue_undo(t);
  return decide(cell::op_undo_again, verdict::applied);
}
}  // namespace

outcome operators_word(turn& t) {
  if (t.e.step == whole_saga) return about_conflict(t);
  if (t.e.occurrence != 0) return about_surplus(t);
  switch (t.s.phase) {
    case phase::running:
      return running(t);
    case phase::aborting:
      return aborting_word(t);
    case phase::aborted:
      return undo_again(t);
    default:
      return refuse();
  }
}
}  // namespace skald::machine
