// A second effect of one step: an obligation of its own, in every phase, undone by name.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
using state = surplus_state::state;

treatment policy_of(const skald::step& d) {
  switch (d.surplus) {
    case skald::surplus::ignore:
      return treatment::ignore;
    case skald::surplus::to_operator:
      return treatment::to_operator;
    case skald::surplus::undo:
      return d.has_undo() ? treatment::undo : treatment::to_operator;
    case skald::surplus::by_default:
      break;
  }
  if (d.has_undo()) return treatment::undo;
  return d.undo.kind == undo::type::harmless ? treatment::ignore : treatment::to_operator;
}

void send(turn& t, const surplus_state& x) {
  t.actions.push_back({.kind = action_kind::send_undo_named,
                       .step = x.step,
                       .attempt = x.attempts,
                       .n = x.n,
                       .occurrence = x.occurrence});
}

void arm_attempt(turn& t, surplus_state& x) {
  arm(t, x.arm, x.due_ms, wait_ms(t, x.step, t.d.steps[x.step].undo_retry, x.attempts, x.arm));
}

void rest(surplus_state& x, state now) {
  x.now = now;
  x.due_ms = 0;
  x.waiting = false;
}

bool next_attempt(surplus_state& x, const backoff& b) {
  if (x.waiting) {
    x.waiting = false;
    return true;
  }
  if (!attempts_left(b, x.attempts)) return false;
  ++x.attempts;
  return true;
}
}  // namespace

surplus_state* find_surplus(saga& s, std::uint8_t i, std::uint64_t occurrence) {
  for (auto& x : s.surpluses)
    if (x.step == i && x.occurrence == occurrence) return &x;
  return nullptr;
}

surplus_state* find_surplus_by_n(saga& s, std::uint8_t i, std::uint16_t n) {
  if (n == 0) return nullptr;
  for (auto& x : s.surpluses)
    if (x.step == i && x.n == n) return &x;
  return nullptr;
}

void open_surplus(turn& t, std::uint8_t i, std::uint64_t occurrence, treatment how) {
  if (how == treatment::by_policy) how = policy_of(t.d.steps[i]);
  if (how == treatment::undo && !t.d.steps[i].has_undo()) how = treatment::ignore;
  auto& x = t.s.surpluses.emplace_back();
  x.step = i;
  x.occurrence = occurrence;
  x.now = how == treatment::to_operator ? state::to_operator : state::ignored;
  if (how == treatment::undo) undo_surplus(t, x);
}

// Its undo, the first time or again after the operator looked: the same n.
void undo_surplus(turn& t, surplus_state& x) {
  x.now = state::open;
  x.attempts = 1;
  if (x.n == 0) x.n = ++t.s.steps[x.step].n;
  send(t, x);
  arm_attempt(t, x);
}

outcome surplus_timer(turn& t) {
  auto* x = find_surplus(t.s, t.e.step, t.e.occurrence);
  const bool current = x && x->now == state::open && x->arm == t.e.arm;
  if (!current) return unchanged(cell::timer_surplus_old);
  if (next_attempt(*x, t.def().undo_retry)) {
    send(t, *x);
    arm_attempt(t, *x);
    return decide(cell::timer_surplus, verdict::applied);
  }
  rest(*x, naive(choice::best_effort_undo) ? state::closed : state::to_operator);
  return decide(cell::timer_surplus_last, verdict::applied);
}

outcome surplus_undone(surplus_state& x) {
  if (x.now == state::open || x.now == state::to_operator) {
    rest(x, state::closed);
    return decide(cell::undone_surplus, verdict::applied);
  }
  if (!x.risked) return unchanged(cell::undone_surplus_again, verdict::duplicate);
  x.risked = false;
  x.now = state::to_operator;
  return decide(cell::undone_surplus_doubts, verdict::conflict);
}

outcome surplus_retry(turn& t, surplus_state& x) {
  const auto& b = t.d.steps[x.step].undo_retry;
  if (x.now != state::open || x.waiting || !attempts_left(b, x.attempts))
    return unchanged(cell::retry_surplus_else);
  ++x.attempts;
  x.waiting = true;
  const auto hash = mix(t.s.jitter_seed ^ mix(std::uint64_t{x.step} << 16 | x.arm));
  arm(t, x.arm, x.due_ms, std::max(t.e.after_ms, pause_ms(b, x.attempts - 1, hash)));
  return decide(cell::retry_surplus, verdict::applied);
}
}  // namespace skald::machine
