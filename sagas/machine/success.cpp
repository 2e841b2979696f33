// The row `ok`: a step took effect.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
// Which step an ok is for: the one it names.
std::uint8_t addressee(const turn& t) {
  if (!naive(choice::any_ok_advances)) return t.e.step;
  for (std::uint8_t i = 0; i < t.steps(); ++i)
    if (t.s.steps[i].status == status::pending) return i;
  return t.e.step;
}

outcome succeed(turn& t, std::uint8_t i, cell c) {
  accept(t, i, t.e.occurrence);
  move(t, i, status::done);
  advance(t);
  return decide(c, verdict::applied);
}

outcome second_effect(turn& t, cell c) {
  open_surplus(t, t.e.step, t.e.occurrence, treatment::by_policy);
  return decide(c, verdict::surplus);
}

// A pivot or retriable step that the operator called done.
outcome after_operators_done(turn& t) {
  auto& st = t.state();
  if (!st.risked) {
    accept(t, t.e.step, t.e.occurrence);
    return decide(cell::ok_confirms, verdict::applied);
  }
  open_surplus(t, t.e.step, t.e.occurrence, treatment::to_operator);
  st.risked = false;
  return decide(cell::ok_doubts, verdict::surplus);
}

outcome ok_done(turn& t, cell again, cell another) {
  if (seen(t.s, t.e.step, t.e.occurrence)) return unchanged(again, verdict::duplicate);
  const bool unsaid = t.state().accepted == 0 && !naive(choice::forget_occurrences);
  if (t.state().risked || unsaid) return after_operators_done(t);
  if (naive(choice::surplus_is_duplicate)) return unchanged(again, verdict::duplicate);
  return second_effect(t, another);
}

outcome ok_skipped(turn& t, cell again, cell skipped) {
  if (seen(t.s, t.e.step, t.e.occurrence) || naive(choice::ignore_ok_of_skipped))
    return unchanged(again, verdict::duplicate);
  return second_effect(t, skipped);
}

outcome ok_running(turn& t) {
  const auto i = addressee(t);
  switch (t.s.steps[i].status) {
    case status::pending:
      return succeed(t, i, cell::ok_running_pending);
    case status::resolving:
    case status::to_operator:
      return succeed(t, i, cell::ok_running_found);
    case status::idle:
      return park(t, cell::ok_running_idle, cell::ok_running_idle_again);
    case status::skipped:
      return ok_skipped(t, cell::ok_running_again, cell::ok_running_skipped);
    default:
      return ok_done(t, cell::ok_running_again, cell::ok_running_surplus);
  }
}

outcome ok_completed(turn& t) {
  if (t.state().status == status::skipped)
    return ok_skipped(t, cell::ok_completed_again, cell::ok_completed_skipped);
  return ok_done(t, cell::ok_completed_again, cell::ok_completed_surplus);
}

// An engine that takes a conflict for the end: what is still to be undone is let go.
void let_go(turn& t) {
  for (std::uint8_t i = 0; i < t.steps(); ++i)
    if (const auto now = t.s.steps[i].status;
        now == status::pending || now == status::done || now == status::undoing)
      move(t, i, status::settled);
  continue_undo(t);
}

outcome conflict(turn& t, cell c) {
  count(t, t.e.step, t.e.occurrence);
  contradict(t, t.e.step);
  if (naive(choice::conflict_ends_undo) && t.s.phase == phase::aborting) let_go(t);
  return decide(c, verdict::conflict);
}

// Parking ended without a start, and an event of this topic was left alone: so is the next one.
bool is_strangers(turn& t) {
  if (!t.s.born_aborted || t.def().await.unclaimed == unclaimed::undo) return false;
  for (auto& x : t.s.surpluses)
    if (x.step == t.e.step && x.now == surplus_state::state::ignored) return true;
  return false;
}

// A success after the saga turned back: an obligation of its own, whatever the step's status.
outcome ok_await_backward(turn& t, bool aborted) {
  if (is_strangers(t)) {
    open_surplus(t, t.e.step, t.e.occurrence, treatment::ignore);
    return decide(cell::ok_stranger, verdict::applied);  // its values are kept for a late start
  }
  const auto now = t.state().status;
  if (now == status::done || now == status::undoing || now == status::to_operator)
    open_surplus(t, t.e.step, t.e.occurrence, treatment::undo);
  else
    undo_late_success(t, t.e.step);
  return decide(aborted ? cell::ok_aborted_await : cell::ok_aborting_await, verdict::applied);
}

outcome ok_settled(turn& t, bool aborted) {
  if (!t.def().no_fence)
    return unchanged(aborted ? cell::ok_aborted_fenced : cell::ok_aborting_fenced);
  count(t, t.e.step, t.e.occurrence);
  t.s.phase = phase::aborting;
  start_undo(t, t.e.step);
  continue_undo(t);
  return decide(aborted ? cell::ok_aborted_undone_again : cell::ok_aborting_undone_again,
                verdict::applied);
}

outcome ok_undoing(turn& t) {
  if (!t.def().no_fence) return unchanged(cell::ok_aborting_fenced);
  count(t, t.e.step, t.e.occurrence);
  t.state().dirty = true;
  return decide(cell::ok_aborting_dirty, verdict::applied);
}

outcome ok_after_word(turn& t) {
  t.state().risked = false;
  return conflict(t, cell::ok_after_word);
}

outcome ok_commanded_backward(turn& t, bool aborted) {
  switch (t.state().status) {
    case status::pending:
      accept(t, t.e.step, t.e.occurrence);
      move(t, t.e.step, status::done);
      return decide(cell::ok_aborting_pending, verdict::applied);
    case status::done:
      count(t, t.e.step, t.e.occurrence);
      return decide(cell::ok_aborting_done, verdict::applied);
    case status::undoing:
    case status::to_operator:
      return ok_undoing(t);
    case status::settled:
      return ok_settled(t, aborted);
    default:
      break;
  }
  undo_late_success(t, t.e.step);
  return decide(aborted ? cell::ok_aborted_late : cell::ok_aborting_late, verdict::applied);
}

outcome ok_backward(turn& t, bool aborted) {
  if (naive(choice::ignore_after_aborted) && aborted) return unchanged(cell::ok_aborted_fenced);
  if (naive(choice::ignore_after_decline) && t.state().status == status::declined)
    return unchanged(cell::ok_aborting_fenced);
  if (seen(t.s, t.e.step, t.e.occurrence))
    return unchanged(aborted ? cell::ok_aborted_again : cell::ok_aborting_again,
                     verdict::duplicate);
  if (t.state().risked) return ok_after_word(t);
  if (t.def().kind() != kind::compensatable)
    return conflict(t, aborted ? cell::ok_aborted_conflict : cell::ok_aborting_conflict);
  if (t.def().awaits() && !naive(choice::await_undo_fences)) return ok_await_backward(t, aborted);
  return ok_commanded_backward(t, aborted);
}
}  // namespace

outcome ok(turn& t) {
  if (!room_to_count(t.s, t.e.step, t.s.parked.size()) && !seen(t.s, t.e.step, t.e.occurrence) &&
      t.state().status != status::pending)
    return unchanged(cell::overflow_occurrences, verdict::overflow);
  switch (t.s.phase) {
    case phase::none:
      return park(t, cell::ok_none, cell::ok_none_again);
    case phase::running:
      return ok_running(t);
    case phase::aborting:
      return ok_backward(t, false);
    case phase::aborted:
      return ok_backward(t, true);
    case phase::completed:
      break;
  }
  return ok_completed(t);
}
}  // namespace skald::machine
