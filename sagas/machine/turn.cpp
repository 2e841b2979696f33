#include "sagas/machine/turn.hpp"

#include <limits>

namespace skald::machine {
outcome decide(cell c, verdict v, bool changed) {
  return {v, static_cast<std::uint16_t>(c), at(c).text, changed};
}

outcome unchanged(cell c, verdict v) {
  return decide(c, v, false);
}

void move(turn& t, std::uint8_t i, status to) {
  auto& st = t.s.steps[i];
  st.status = to;
  st.waiting = false;
  const bool rests = to != status::pending && to != status::undoing && to != status::resolving;
  if (rests) st.due_ms = 0;
  if (rests && t.d.publish == publish::steps)
    t.actions.push_back({.kind = action_kind::tell_step, .step = i});
}

// An armed timer is never due at 0: 0 says that there is none.
void arm(turn& t, std::uint16_t& arm, std::int64_t& due_ms, std::int64_t delay_ms) {
  ++arm;
  const auto latest = std::numeric_limits<std::int64_t>::max() - longest_delay_ms * 2;
  due_ms = std::max<std::int64_t>(1, std::min(t.e.at_ms, latest) + delay_ms);
}

void disarm(step_state& st) {
  st.due_ms = 0;
  st.waiting = false;
}

std::int64_t wait_ms(const turn& t, std::uint8_t i, const backoff& b, int attempt,
                     std::uint16_t arm) {
  const auto hash = mix(t.s.jitter_seed ^ mix(std::uint64_t{i} << 16 | arm));
  return bounded_ms(t.d.steps[i].within) + pause_ms(b, attempt - 1, hash);
}

bool attempts_left(const backoff& b, int attempts) {
  return attempts <= std::min(b.times, 250);
}

std::uint8_t pivot_of(const definition& d) {
  for (std::uint8_t i = 0; i < d.steps.size(); ++i)
    if (d.steps[i].kind() == kind::pivot) return i;
  return no_step;
}

// An event of the whole saga contradicts every step.
bool contradict(turn& t, std::uint8_t i) {
  const auto before = t.s.conflicts;
  const unsigned all = (1u << t.steps()) - 1, one = i < t.steps() ? 1u << i : all;
  t.s.conflicts = static_cast<std::uint16_t>(before | one);
  return t.s.conflicts != before;
}

bool past_no_return(const turn& t) {
  const auto pivot = pivot_of(t.d);
  if (pivot != no_step && t.s.steps[pivot].status != status::skipped)
    return t.s.steps[pivot].status == status::done;
  if (naive(choice::no_return_needs_pivot)) return false;
  for (std::uint8_t i = 0; i < t.steps(); ++i)
    if (t.d.steps[i].kind() == kind::retriable && t.s.steps[i].status != status::idle &&
        t.s.steps[i].status != status::skipped)
      return true;
  return false;
}
}  // namespace skald::machine
