// The way back: obligations are undone stage by stage in reverse.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
bool is_obligation(status now) {
  return now == status::pending || now == status::done;
}

// Starts what can be undone in a stage. True: the stages below have to wait for it.
bool undo_stage(turn& t, std::uint8_t stage) {
  bool busy = false;
  for (std::uint8_t i = 0; i < t.steps(); ++i) {
    const auto& d = t.d.steps[i];
    if (d.stage != stage || d.kind() != kind::compensatable) continue;
    if (is_obligation(t.s.steps[i].status)) start_undo(t, i);
    const auto now = t.s.steps[i].status;
    busy |= now == status::undoing || (t.d.strict_order && now == status::to_operator);
  }
  return busy;
}

bool all_settled(const turn& t) {
  for (std::uint8_t i = 0; i < t.steps(); ++i) {
    const auto now = t.s.steps[i].status;
    const bool open = is_obligation(now) || now == status::undoing || now == status::to_operator;
    if (open && t.d.steps[i].kind() == kind::compensatable) return false;
  }
  return true;
}

outcome undone_running(turn& t) {
  auto& st = t.state();
  const bool unknown = st.status == status::resolving || st.status == status::to_operator;
  if (!unknown || t.def().kind() != kind::pivot) return unchanged(cell::undone_old);
  move(t, t.e.step, status::settled);
  abort(t);
  return decide(cell::undone_pivot, verdict::applied);
}

outcome undone_aborting(turn& t) {
  auto& st = t.state();
  if (st.status != status::undoing && st.status != status::to_operator)
    return unchanged(cell::undone_aborting_again, verdict::duplicate);
  if (st.dirty) {
    start_undo(t, t.e.step);
    continue_undo(t);
    return decide(cell::undone_dirty, verdict::applied);
  }
  move(t, t.e.step, status::settled);
  continue_undo(t);
  const bool last = t.s.phase == phase::aborted;
  return decide(last ? cell::undone_last : cell::undone_settles, verdict::applied);
}

outcome undone_completed(turn& t) {
  return decide(cell::undone_completed, verdict::conflict, contradict(t, t.e.step));
}

bool answers_current_undo(turn& t) {
  if (naive(choice::undone_without_n)) return true;
  return t.e.n != 0 && t.e.n == t.state().undo_n;
}
}  // namespace

// A new undo of the step, with an n of its own.
void start_undo(turn& t, std::uint8_t i) {
  auto& st = t.s.steps[i];
  st.dirty = st.risked = false;
  if (!t.d.steps[i].has_undo()) return move(t, i, status::settled);
  move(t, i, status::undoing);
  st.attempts = 1;
  st.undo_n = ++st.n;
  send_undo(t, i);
  arm(t, st.arm, st.due_ms, wait_ms(t, i, t.d.steps[i].undo_retry, 1, st.arm));
}

// An await was never commanded: its undo names what happened and fences nothing.
void send_undo(turn& t, std::uint8_t i) {
  const auto& st = t.s.steps[i];
  const bool by_name = t.d.steps[i].awaits() ? !naive(choice::await_undo_fences)
                                             : naive(choice::undo_one_occurrence) && st.accepted;
  t.actions.push_back({.kind = by_name ? action_kind::send_undo_named : action_kind::send_undo,
                       .step = i,
                       .attempt = st.attempts,
                       .n = st.undo_n,
                       .occurrence = by_name ? st.accepted : 0});
}

void undo_late_success(turn& t, std::uint8_t i) {
  t.s.phase = phase::aborting;
  accept(t, i, t.e.occurrence);
  move(t, i, status::done);
  continue_undo(t);
}

void continue_undo(turn& t) {
  SKALD_ASSERT(t.s.phase == phase::aborting, "an undo of a saga that is not aborting");
  std::uint8_t stage = 0;
  for (auto& step : t.d.steps) stage = std::max(stage, step.stage);
  for (;; --stage) {
    t.s.stage = stage;
    if (undo_stage(t, stage) && !t.d.parallel_undo) return;
    if (stage == 0) break;
  }
  if (!all_settled(t)) return;
  t.s.phase = phase::aborted;
  t.actions.push_back({.kind = action_kind::tell_aborted});
}

outcome undone(turn& t) {
  if (t.s.phase == phase::none) return unchanged(cell::undone_none);
  if (t.s.phase == phase::completed) return undone_completed(t);
  const bool current = answers_current_undo(t);
  if (current && t.state().risked) {
    t.state().risked = false;
    contradict(t, t.e.step);
    return decide(cell::undone_doubts, verdict::conflict);
  }
  if (t.s.phase == phase::aborted) return unchanged(cell::undone_aborted, verdict::duplicate);
  if (t.s.phase == phase::running) return current ? undone_running(t) : unchanged(cell::undone_old);
  return current ? undone_aborting(t) : unchanged(cell::undone_aborting_old);
}
}  // namespace skald::machine
