#include "orchestrator/metrics/saga_meter.hpp"

#include "orchestrator/saga_no.hpp"

namespace skald {
using machine::action_kind;
using machine::status;
using machine::verdict;

void saga_meter::before(const live_saga& saga, const machine::event& e) {
  const auto& s = saga.state;
  for (std::size_t i = 0; i < s.steps.size(); ++i) status_[i] = s.steps[i].status;
  stage_ = s.stage;
  begun_ = s.phase != machine::phase::none;
  unanswered_ = e.kind == machine::event_kind::timer && e.step < s.steps.size() &&
                (e.occurrence != 0 || !s.steps[e.step].waiting);
}

void saga_meter::after(live_saga& saga, const machine::event& e, const machine::outcome& o,
                       std::span<const machine::action> actions) {
  if (!o.changed) return;
  const auto& s = saga.state;
  const auto& counts = sagas_.of(*saga.definition);
  if (unanswered_) counts.steps[e.step].timeouts.add();
  for (std::size_t i = 0; i < s.steps.size(); ++i)
    if (s.steps[i].status != status_[i]) step_moved(saga, i, status_[i], e.at_ms);
  if (s.stage != stage_ || !begun_) saga.stage_ms = e.at_ms;
  const auto begun_ms = saga.no != 0 ? saga_no::at_ms(saga.no) : e.at_ms;
  for (const auto& a : actions) switch (a.kind) {
      case action_kind::tell_started:
        counts.started.add();
        break;
      case action_kind::tell_completed:
        counts.completed.add();
        counts.completed_after.observe(e.at_ms - begun_ms);
        spans_.saga_over(saga, "completed", begun_ms, e.at_ms);
        break;
      case action_kind::tell_aborted:
        counts.aborted.add();
        counts.aborted_after.observe(e.at_ms - begun_ms);
        spans_.saga_over(saga, "aborted", begun_ms, e.at_ms);
        break;
      default:
        break;
    }
}

void saga_meter::step_moved(const live_saga& saga, std::size_t step, status from,
                            std::int64_t at_ms) {
  const auto& counts = sagas_.of(*saga.definition).steps[step];
  const auto to = saga.state.steps[step].status;
  if (from == status::undoing && to == status::to_operator) counts.failures.add();
  const bool asked = from == status::pending || from == status::resolving;
  if (!asked || saga.stage_ms == 0) return;
  if (to != status::done && to != status::declined) return;
  (to == status::done ? counts.ok : counts.declined).observe(at_ms - saga.stage_ms);
  spans_.step_over(saga, static_cast<std::uint8_t>(step), to == status::done ? "ok" : "declined",
                   saga.stage_ms, at_ms);
}

void saga_meter::counted(const input& in, const machine::outcome& o) const {
  if (!in.counts) return;  // a timer
  if (o.verdict == verdict::duplicate) in.counts->duplicate.add();
  if (o.verdict == verdict::conflict) in.counts->conflict.add();
  if (o.verdict == verdict::recorded) in.counts->late.add();
}

void saga_meter::sent(const live_saga& saga, const machine::action& a) {
  if (a.kind > action_kind::send_fence) return;
  const auto& counts = sagas_.of(*saga.definition).steps[a.step];
  counts.attempts.add();
  if (a.kind != action_kind::send_do && a.attempt == 1) counts.compensations.add();
}

void saga_meter::not_sent(const live_saga& saga, const machine::action& a) {
  sagas_.of(*saga.definition).steps[a.step].impossible.add();
}

void saga_meter::timer_fired(std::int64_t late_ms) {
  metrics_.timers_fired.add();
  metrics_.timer_lateness.observe(late_ms);
}
}  // namespace skald
