#include "sagas/explore/world.hpp"

#include <algorithm>
#include <utility>

namespace skald::explore {
namespace {
using machine::choice;
using machine::event_kind;
using machine::naive;
using machine::phase;
using machine::status;

struct chosen final : machine::facts {
  std::uint16_t guards;
  std::vector<std::uint16_t>& cells;
  chosen(std::uint16_t g, std::vector<std::uint16_t>& taken) : guards(g), cells(taken) {}
  bool holds(std::uint8_t step) const override { return guards >> step & 1; }
  void applied(const machine::event&, const machine::outcome& o) const override {
    cells.push_back(o.cell);
  }
};

machine::surplus_state* find_surplus(machine::saga& s, std::uint8_t step,
                                     std::uint64_t occurrence) {
  for (auto& x : s.surpluses)
    if (x.step == step && x.occurrence == occurrence) return &x;
  return nullptr;
}

event_kind kind_of(move_kind k) {
  switch (k) {
    case move_kind::start:
      return event_kind::start;
    case move_kind::cancel:
      return event_kind::cancel;
    case move_kind::deadline:
      return event_kind::deadline;
    case move_kind::parking_over:
      return event_kind::parking_over;
    case move_kind::ok:
      return event_kind::ok;
    case move_kind::declined:
      return event_kind::declined;
    case move_kind::refused:
      return event_kind::refused;
    case move_kind::retry:
      return event_kind::retry;
    case move_kind::undone:
      return event_kind::undone;
    case move_kind::pause:
      return event_kind::pause;
    case move_kind::resume:
      return event_kind::resume;
    case move_kind::op_retry:
      return event_kind::op_retry;
    case move_kind::op_settle:
      return event_kind::op_settle;
    case move_kind::op_done:
      return event_kind::op_done;
    case move_kind::op_not_done:
      return event_kind::op_not_done;
    default:
      return event_kind::timer;
  }
}

}  // namespace

machine::event universe::event_of(const machine::saga& s, const move& m) const {
  machine::event e{.kind = kind_of(m.kind), .step = m.step};
  bool timer = e.kind == event_kind::timer;
  if (timer && m.kind != move_kind::surplus_timer) e.arm = s.steps[m.step].arm;
  if (m.kind == move_kind::old_timer) e.arm = m.arm ? m.arm : e.arm + (s.steps[m.step].due_ms != 0);
  if (m.kind == move_kind::surplus_timer)
    for (auto& x : s.surpluses)
      if (x.step == m.step && x.occurrence == m.item) e.arm = x.arm;
  bool numbered = m.kind == move_kind::undone || m.kind == move_kind::retry;
  if (numbered)
    e.n = m.item;
  else
    e.occurrence = m.item;
  if (m.kind == move_kind::declined) e.occurrence = d_.steps[m.step].awaits() ? other_try : 1;
  if (m.kind == move_kind::retry) e.after_ms = 1;
  if (m.kind >= move_kind::op_retry && m.kind <= move_kind::op_not_done)
    e.in_books = m.step == machine::whole_saga || !d_.steps[m.step].no_fence;
  return e;
}

universe::universe(const skald::definition& d, const explore::rules& r) : d_(d), r_(r) {
  r_.fold = r_.fold && !r_.exact;
  r_.reduce = r_.reduce && r_.fold;
  const int most = r_.fold || r_.exact ? 1 : max_attempts - 1;
  for (auto& step : d_.steps.items) {
    step.retry.times = r.exhaust ? std::min(step.retry.times, most) : 1;
    step.undo_retry.times = r.exhaust ? std::min(step.undo_retry.times, most) : 1;
  }
}

std::vector<world> universe::beginnings() const {
  std::vector<std::uint16_t> guards{0};
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
    auto known = guards.size();
    for (std::size_t g = 0; g < known; ++g) {
      auto holds = static_cast<std::uint16_t>(guards[g] | 1u << i);
      if (d_.steps[i].when.empty())
        guards[g] = holds;
      else
        guards.push_back(holds);
    }
  }
  std::vector<world> out(guards.size());
  for (std::size_t g = 0; g < guards.size(); ++g) {
    out[g].guards = guards[g];
    settle(out[g]);
  }
  return out;
}

// While paused: would this event change anything if the saga were resumed first?
bool universe::worth_holding(const world& w, const machine::event& e) const {
  auto saga = w.saga;
  std::vector<machine::action> actions;
  std::vector<std::uint16_t> cells;
  chosen guards(w.guards, cells);
  machine::step(d_, saga, {.kind = event_kind::resume}, guards, actions);
  return machine::step(d_, saga, e, guards, actions).changed;
}

// What an operator writes in the participant's books before he tells the saga.
void universe::write_books(world& w, const move& m) const {
  bool backward = w.saga.phase == phase::aborting || w.saga.phase == phase::aborted;
  for (std::uint8_t i = 0; m.step == machine::whole_saga && backward && i < d_.steps.size(); ++i) {
    if (!(w.saga.conflicts >> i & 1)) continue;
    auto& effects = w.books[i].effects;  // the conflict was seen to by hand
    auto after = d_.steps[i].has_undo() ? effect::undone : effect::written_off;
    std::replace(effects.begin(), effects.end(), effect::in_force, after);
  }
  if (m.step >= d_.steps.size() || naive(choice::settle_without_books)) return;
  auto& books = w.books[m.step];
  bool undoable = d_.steps[m.step].has_undo();
  if (m.kind == move_kind::op_settle && m.item) {
    books.effects[m.item - 1] = undoable ? effect::undone : effect::written_off;
  } else if (m.kind == move_kind::op_settle || m.kind == move_kind::op_not_done) {
    for (auto& e : books.effects)
      if (e == effect::in_force) e = effect::undone;
    books.fence = books.fence || fenced(m.step);
  } else if (m.kind == move_kind::op_done && !books.stands()) {
    books.effects[0] = effect::in_force;
    put(w.mail[m.step].ok[0]);
  }
}

void universe::send(world& w, const machine::action& a) const {
  if (a.kind > machine::action_kind::send_fence) return;
  auto& mail = w.mail[a.step];
  if (a.kind == machine::action_kind::send_do) return put(mail.dos);
  if (a.n < 1 || a.n > max_undos) {
    w.overflowed = true;
    return;
  }
  mail.undos = std::max(mail.undos, static_cast<std::uint8_t>(a.n));
  put(mail.undo[a.n - 1]);
  bool named = a.kind == machine::action_kind::send_undo_named;
  mail.named[a.n - 1] = named ? static_cast<std::uint8_t>(a.occurrence) : 0;
}

// In a folded set the customer acts when his event arrives for the first time: between the two
// nothing could tell, for the undo of an await is by name.
void universe::happen(world& w, const move& m) const {
  auto& effect_now = w.books[m.step].effects[m.item - 1];
  if (effect_now != effect::none) return;
  effect_now = effect::in_force;
  put(w.mail[m.step].ok[m.item - 1]);
}

// One event, one transaction of the orchestrator. False: it changed nothing, as the engine says.
bool universe::decide(world& w, const move& m, happening& h) const {
  std::optional<machine::saga> copy;
  auto* saga = &w.saga;
  if (m.commit == commit::by_zombie) saga = &*w.zombie;
  if (m.commit == commit::published_only) saga = &copy.emplace(w.saga);
  h.to_engine = true;
  h.before = saga->phase;
  h.event = event_of(*saga, m);
  auto* x = m.kind == move_kind::surplus_timer ? find_surplus(*saga, m.step, m.item) : nullptr;
  std::uint8_t unused = 0, &attempts = !m.exhausted ? unused
                                       : x          ? x->attempts
                                                    : saga->steps[m.step].attempts;
  const auto attempts_before = std::exchange(attempts, std::uint8_t{2});
  h.outcome = machine::step(d_, *saga, h.event, chosen(w.guards, h.cells), h.actions);
  saga->recorded = 0;  // a mere count
  auto* mail = m.step < d_.steps.size() ? &w.mail[m.step] : nullptr;
  const bool news = m.kind == move_kind::ok && !(mail->consumed >> (m.item - 1) & 1);
  const bool nothing = !h.outcome.changed && h.actions.empty() && !news;
  const bool takes_mail = m.kind >= move_kind::ok && m.kind <= move_kind::undone && !m.again;
  if (nothing && m.kind < move_kind::op_retry && (r_.reduce || (r_.exact && !takes_mail))) {
    attempts = attempts_before;
    return false;
  }
  for (auto& a : h.actions) send(w, a);
  if (m.commit == commit::published_only) return true;
  if (m.kind == move_kind::ok) {
    take(m, mail->ok[m.item - 1]);
    if (h.outcome.verdict != machine::verdict::overflow && r_.consumed_bit)
      mail->consumed |= 1u << (m.item - 1);
  }
  if (m.kind == move_kind::declined) take(m, mail->declined);
  if (m.kind == move_kind::refused) take(m, mail->refused);
  if (m.kind == move_kind::retry) take(m, mail->retry[m.item]);
  if (m.kind == move_kind::undone) take(m, mail->undone[m.item - 1]);
  if (m.commit == commit::by_zombie) {
    w.saga = *w.zombie;
    w.zombie.reset();
  }
  return true;
}

bool universe::apply(world& w, const move& m, happening& h) const {
  h.clear();
  bool several = m.step >= d_.steps.size();  // an operator's word about conflicts
  if (m.kind == move_kind::load_stale) {
    w.zombie = w.saga;
    w.zombie_loaded = true;
  } else if (!answer(w, m, h)) {
    if (m.kind == move_kind::ok) happen(w, m);
    if (m.kind >= move_kind::op_retry && m.kind <= move_kind::op_not_done) write_books(w, m);
    if (!decide(w, m, h)) return false;
  }
  if (r_.exact && m.fault) ++w.faults;
  if (several)
    settle(w);
  else
    settle(w, m.step);
  for (auto& a : h.actions)
    if (a.step < d_.steps.size()) settle(w, a.step);
  canonical(w.saga);
  if (w.zombie) canonical(*w.zombie);
  return true;
}

// Two sagas that will behave alike become equal: numbers of arms, times and counts are folded.
void universe::canonical(machine::saga& s) const {
  s.deadline_ms = s.deadline_ms != 0;
  s.parking_ms = s.parking_ms != 0;
  s.paused_ms = s.paused_ms != 0;
  auto fold = [&](auto& timed) {
    timed.due_ms = timed.due_ms != 0;
    if (!r_.fold && !r_.exact) return;
    timed.arm = timed.arm != 0;
    if (r_.exact) return;
    timed.attempts = timed.attempts && timed.due_ms;
    timed.waiting = false;  // the pause that a `retry` asked for ends like any resend
  };
  for (std::size_t i = 0; i < d_.steps.size(); ++i) fold(s.steps[i]);
  for (auto& x : s.surpluses) fold(x);
  if (!r_.fold && !r_.exact) return;
  auto by_effect = [](auto& a, auto& b) {
    return std::pair(a.step, a.occurrence) < std::pair(b.step, b.occurrence);
  };
  std::sort(s.counted.begin(), s.counted.end(), by_effect);
  std::sort(s.surpluses.begin(), s.surpluses.end(), by_effect);
}
}  // namespace skald::explore
