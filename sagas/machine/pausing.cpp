// A paused saga applies nothing: inputs are held in order, and timers stand still.
#include <utility>

#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
std::size_t held_results(const saga& s) {
  std::size_t count = 0;
  for (auto& h : s.held) count += h.kind == event_kind::ok || h.kind == event_kind::declined;
  return count;
}

// What resume will do with it must fit too: it may have to be parked, or counted.
bool room_to_hold(const turn& t) {
  if (t.s.held.size() >= max_held) return false;
  if (t.e.kind != event_kind::ok && t.e.kind != event_kind::declined) return true;
  const auto waiting = t.s.parked.size() + held_results(t.s);
  return waiting < max_parked && room_to_count(t.s, t.e.step, waiting);
}

outcome hold(turn& t) {
  if (naive(choice::pause_drops)) return unchanged(cell::paused_holds);
  auto held = t.e;
  held.at_ms = 0;
  for (auto& h : t.s.held)
    if (h == held) return unchanged(cell::paused_holds_again, verdict::duplicate);
  if (!room_to_hold(t)) return unchanged(cell::overflow_held, verdict::overflow);
  t.s.held.push_back(held);
  return decide(cell::paused_holds, verdict::held);
}

void shift(std::int64_t& due_ms, std::int64_t paused_ms, std::int64_t now_ms) {
  if (due_ms == 0) return;
  const auto left = std::clamp<std::int64_t>(due_ms - paused_ms, 0, longest_delay_ms * 2);
  due_ms = std::max<std::int64_t>(1, now_ms + left);
}
}  // namespace

outcome while_paused(turn& t) {
  switch (t.e.kind) {
    case event_kind::resume:
      return resume(t);
    case event_kind::pause:
      return unchanged(cell::pause_again, verdict::duplicate);
    case event_kind::timer:
    case event_kind::deadline:
    case event_kind::parking_over:
      return unchanged(cell::paused_timer);
    case event_kind::op_retry:
    case event_kind::op_settle:
    case event_kind::op_done:
    case event_kind::op_not_done:
      return unchanged(cell::paused_operator, verdict::refused);
    default:
      return hold(t);
  }
}

outcome pause(turn& t) {
  if (t.s.phase != phase::running && t.s.phase != phase::aborting)
    return unchanged(cell::pause_refused, verdict::refused);
  t.s.paused = true;
  t.s.paused_ms = t.e.at_ms;
  return decide(t.s.phase == phase::running ? cell::pause_running : cell::pause_aborting,
                verdict::applied);
}

// Old timers go on with what was left of them. That is written first here and felt last: none can
// fire within this one transaction, and those that the held inputs arm are not shifted.
outcome resume(turn& t) {
  if (!t.s.paused) return unchanged(cell::resume_refused, verdict::refused);
  const auto since = t.s.paused_ms;
  t.s.paused = false;
  t.s.paused_ms = 0;
  shift(t.s.deadline_ms, since, t.e.at_ms);
  for (auto& st : t.s.steps.items) shift(st.due_ms, since, t.e.at_ms);
  for (auto& x : t.s.surpluses) shift(x.due_ms, since, t.e.at_ms);
  for (auto held : std::exchange(t.s.held, {})) {
    held.at_ms = t.e.at_ms;
    turn one{t.d, t.s, held, t.guards, t.actions};
    const auto o = dispatch(one);
    note(t.s, held, o);
    t.guards.applied(held, o);
  }
  return decide(cell::resume_applies, verdict::applied);
}
}  // namespace skald::machine
