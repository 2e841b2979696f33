// The way forward: stages in order, the steps of a stage in parallel.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
outcome run(turn& t);
outcome answer_born_aborted(turn& t, cell otherwise);

void await_or_send(turn& t, std::uint8_t i) {
  auto& st = t.s.steps[i];
  move(t, i, status::pending);
  st.attempts = 1;
  if (!t.d.steps[i].awaits()) send_do(t, i);
  arm(t, st.arm, st.due_ms, wait_ms(t, i, t.d.steps[i].retry, 1, st.arm));
}

// False: a step of it is declined already (its decline was parked).
bool enter_stage(turn& t) {
  bool declined = false;
  for (std::uint8_t i = 0; i < t.steps(); ++i) {
    if (t.d.steps[i].stage != t.s.stage) continue;
    if (!t.d.steps[i].when.empty() && !t.guards.holds(i)) move(t, i, status::skipped);
    declined |= claim_parked(t, i);
  }
  if (declined) return false;
  for (std::uint8_t i = 0; i < t.steps(); ++i)
    if (t.d.steps[i].stage == t.s.stage && t.s.steps[i].status == status::idle) await_or_send(t, i);
  return true;
}

bool stage_over(const turn& t) {
  for (std::uint8_t i = 0; i < t.steps(); ++i)
    if (const auto now = t.s.steps[i].status;
        t.d.steps[i].stage == t.s.stage && now != status::done && now != status::skipped)
      return false;
  return true;
}

bool last_stage(const turn& t) {
  for (auto& step : t.d.steps)
    if (step.stage > t.s.stage) return false;
  return true;
}

void complete(turn& t) {
  t.s.phase = phase::completed;
  t.s.deadline_ms = 0;
  t.actions.push_back({.kind = action_kind::tell_completed});
}
}  // namespace

void send_do(turn& t, std::uint8_t i) {
  SKALD_ASSERT(t.s.phase == phase::running || naive_build, "a command outside RUNNING");
  const auto attempt = t.s.steps[i].attempts;
  const std::uint16_t n = naive(choice::new_key_per_retry) ? attempt - 1 : 0;
  t.actions.push_back({.kind = action_kind::send_do, .step = i, .attempt = attempt, .n = n});
}

void advance(turn& t) {
  while (stage_over(t)) {
    if (last_stage(t)) return complete(t);
    ++t.s.stage;
    if (!enter_stage(t)) {
      abort(t);
      return;
    }
  }
}

outcome start(turn& t) {
  switch (t.s.phase) {
    case phase::none:
      return run(t);
    case phase::running:
      return unchanged(cell::start_running, verdict::duplicate);
    case phase::aborting:
      return answer_born_aborted(t, cell::start_aborting);
    case phase::aborted:
      return answer_born_aborted(t, cell::start_aborted);
    case phase::completed:
      break;
  }
  return unchanged(cell::start_completed, verdict::duplicate);
}

namespace {
outcome run(turn& t) {
  t.s.phase = phase::running;
  t.s.stage = 0;
  t.s.parking_ms = 0;
  if (t.d.deadline.count() > 0) {
    std::uint16_t unnumbered = 0;
    arm(t, unnumbered, t.s.deadline_ms, bounded_ms(t.d.deadline));
  }
  t.actions.push_back({.kind = action_kind::tell_started});
  if (enter_stage(t))
    advance(t);
  else
    abort(t);
  return decide(cell::start_none, verdict::applied);
}

outcome answer_born_aborted(turn& t, cell otherwise) {
  bool strangers = false;
  for (auto& x : t.s.surpluses) strangers |= x.now == surplus_state::state::ignored;
  if (!t.s.born_aborted || !strangers) return unchanged(otherwise, verdict::duplicate);
  claim_strangers(t);
  return decide(cell::start_claims, verdict::applied);
}
}  // namespace
}  // namespace skald::machine
