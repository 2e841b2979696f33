// Events that came too early: kept one by one, claimed by the start or by their step's stage,
// undone when the saga turns back, and judged when their parking time is over.
#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
bool parked_before(const turn& t, bool success) {
  for (auto& p : t.s.parked) {
    if (p.step != t.e.step) continue;
    if (naive(choice::one_parking_slot)) return true;
    if (p.ok == success && p.occurrence == t.e.occurrence) return true;
  }
  return false;
}

// A topic of strangers: until a start says that the key is ours, its events are not to be undone.
bool may_be_strangers(const skald::step& d) {
  return d.awaits() && d.await.unclaimed != unclaimed::undo && !naive(choice::undo_strangers);
}

void claim_ok(turn& t, const parked_event& p) {
  auto& st = t.s.steps[p.step];
  if (st.status == status::idle) {
    accept(t, p.step, p.occurrence);
    move(t, p.step, status::done);
  } else if (!seen(t.s, p.step, p.occurrence) && !naive(choice::surplus_is_duplicate) &&
             !(st.status == status::skipped && naive(choice::ignore_ok_of_skipped))) {
    open_surplus(t, p.step, p.occurrence, treatment::by_policy);
  }
}

// True: the saga must abort.
bool claim_decline(turn& t, const parked_event& p) {
  auto& st = t.s.steps[p.step];
  if (t.d.steps[p.step].kind() == kind::retriable) return false;
  if (st.status == status::idle) {
    move(t, p.step, status::declined);
    return true;
  }
  if (st.status != status::done || st.accepted != p.occurrence) return false;
  if (!past_no_return(t)) return true;
  contradict(t, p.step);
  return false;
}

void release_ok(turn& t, const parked_event& p, bool strangers_are_ours) {
  const auto& d = t.d.steps[p.step];
  if (d.kind() != kind::compensatable) {
    count(t, p.step, p.occurrence);
    contradict(t, p.step);
  } else if (!strangers_are_ours && may_be_strangers(d)) {
    open_surplus(t, p.step, p.occurrence, treatment::ignore);
  } else if (t.s.steps[p.step].status == status::idle) {
    accept(t, p.step, p.occurrence);
    move(t, p.step, status::done);
  } else if (d.awaits()) {
    open_surplus(t, p.step, p.occurrence, treatment::undo);
  } else {
    count(t, p.step, p.occurrence);  // its step-wide undo covers it
  }
}
}  // namespace

outcome park(turn& t, cell first, cell again) {
  const bool success = t.e.kind == event_kind::ok;
  if (naive(choice::drop_early)) return unchanged(first);
  if (parked_before(t, success)) return unchanged(again, verdict::duplicate);
  if (t.s.parked.size() >= max_parked) return unchanged(cell::overflow_parked, verdict::overflow);
  if (t.s.phase == phase::none && t.s.parking_ms == 0) {
    std::uint16_t unnumbered = 0;
    arm(t, unnumbered, t.s.parking_ms, bounded_ms(t.d.parking));
  }
  t.s.parked.push_back({t.e.step, success, t.e.occurrence});
  return decide(first, verdict::parked);
}

// Uses what is parked for step `i`, whose stage is being entered: successes before declines.
// True: a decline says that the saga must abort.
bool claim_parked(turn& t, std::uint8_t i) {
  bool give_up = false;
  for (const bool success : {true, false})
    for (std::size_t k = 0; k < t.s.parked.size(); ++k) {
      const auto p = t.s.parked[k];
      if (p.step != i || p.ok != success) continue;
      if (success)
        claim_ok(t, p);
      else
        give_up |= claim_decline(t, p);
    }
  std::erase_if(t.s.parked, [i](const parked_event& p) { return p.step == i; });
  return give_up;
}

// The saga turns back: parked successes become obligations, parked declines are forgotten.
void release_parked(turn& t, bool strangers_are_ours) {
  for (const auto& p : t.s.parked)
    if (p.ok) release_ok(t, p, strangers_are_ours);
  t.s.parked.clear();
}

void claim_strangers(turn& t) {
  for (auto& x : t.s.surpluses)
    if (x.now == surplus_state::state::ignored && t.d.steps[x.step].has_undo()) undo_surplus(t, x);
}

outcome parking_over(turn& t) {
  if (t.s.phase != phase::none || t.s.parking_ms == 0) return unchanged(cell::parking_old);
  t.s.parking_ms = 0;
  if (naive(choice::drop_parked)) t.s.parked.clear();
  std::erase_if(t.s.parked, [](const parked_event& p) { return !p.ok; });
  if (t.s.parked.empty()) return decide(cell::parking_dropped, verdict::applied);
  t.s.born_aborted = true;
  t.s.phase = phase::aborting;
  release_parked(t, false);
  bool undo = t.s.conflicts != 0;
  for (auto& st : t.s.steps) undo |= st.status == status::done;
  if (undo) {
    continue_undo(t);
    return decide(cell::parking_undone, verdict::applied);
  }
  t.s.phase = phase::aborted;  // nobody's saga: nobody is told
  return decide(cell::parking_ignored, verdict::applied);
}
}  // namespace skald::machine
