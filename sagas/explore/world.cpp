#include "sagas/explore/world.hpp"

#include <algorithm>

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

bool stands(const books& b) {
  return std::find(b.effects.begin(), b.effects.end(), effect::in_force) != b.effects.end();
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

machine::event event_of(const definition& d, const machine::saga& s, const move& m) {
  machine::event e{.kind = kind_of(m.kind), .step = m.step};
  bool timer = e.kind == event_kind::timer;
  if (timer && m.kind != move_kind::surplus_timer) e.arm = s.steps[m.step].arm;
  if (m.kind == move_kind::old_timer && s.steps[m.step].due_ms) e.arm += 1;
  if (m.kind == move_kind::surplus_timer)
    for (auto& x : s.surpluses)
      if (x.step == m.step && x.occurrence == m.item) e.arm = x.arm;
  bool numbered = m.kind == move_kind::undone || m.kind == move_kind::retry;
  if (numbered)
    e.n = m.item;
  else
    e.occurrence = m.item;
  if (m.kind == move_kind::declined) e.occurrence = d.steps[m.step].awaits() ? other_try : 1;
  if (m.kind == move_kind::retry) e.after_ms = 1;
  if (m.kind >= move_kind::op_retry && m.kind <= move_kind::op_not_done)
    e.in_books = m.step == machine::whole_saga || !d.steps[m.step].no_fence;
  return e;
}
}  // namespace

universe::universe(const skald::definition& d, const explore::rules& r) : d_(d), r_(r) {
  for (auto& step : d_.steps.items) {
    step.retry.times = r.exhaust ? std::min(step.retry.times, 1) : 1;
    step.undo_retry.times = r.exhaust ? std::min(step.undo_retry.times, 1) : 1;
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

void universe::moves(const world& w, std::vector<move>& out) const {
  out.clear();
  if (w.overflowed) return;
  auto& s = w.saga;
  bool born = s.phase != phase::none;
  if (!r_.strangers) out.push_back({move_kind::start});
  if (r_.cancel && !r_.strangers) out.push_back({move_kind::cancel});
  if (r_.cancel && born && d_.deadline.count() > 0) out.push_back({move_kind::deadline});
  if (s.parking_ms && r_.exhaust) out.push_back({move_kind::parking_over});
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
    auto& mail = w.mail[i];
    auto& books = w.books[i];
    auto& now = s.steps[i];
    if (d_.steps[i].awaits()) {
      auto next = std::find(books.effects.begin(), books.effects.end(), effect::none);
      auto k = static_cast<std::uint8_t>(next - books.effects.begin());
      if (k < r_.effects) out.push_back({move_kind::customer, i, static_cast<std::uint8_t>(k + 1)});
      if (r_.exact && r_.decline && !d_.steps[i].failed.empty() && !mail.declined)
        out.push_back({move_kind::try_fails, i});
    }
    moves_of_step(w, i, out);
    for (std::uint8_t k = 0; k < max_effects; ++k)
      if (mail.ok[k]) out.push_back({move_kind::ok, i, static_cast<std::uint8_t>(k + 1)});
    if (mail.declined) out.push_back({move_kind::declined, i});
    if (mail.declined && r_.exhaust && !r_.exact && d_.steps[i].kind() == kind::retriable)
      out.push_back({move_kind::declined, i, 0, true});  // which counts as an attempt
    if (mail.refused) out.push_back({move_kind::refused, i});
    for (std::uint8_t n = 1; n <= mail.undos; ++n)
      if (mail.undone[n - 1]) out.push_back({move_kind::undone, i, n});
    bool again = r_.exact || d_.steps[i].retry.times > 0 || mail.undo[0] || now.waiting;
    for (std::uint8_t n = 0; n <= mail.undos; ++n) {
      if (mail.retry[n] && again) out.push_back({move_kind::retry, i, n});
      if (mail.retry[n] && r_.exhaust && !r_.exact) out.push_back({move_kind::retry, i, n, true});
    }
    if (now.due_ms && again && r_.exhaust) out.push_back({move_kind::timer, i});
    if (now.due_ms && r_.exhaust && !r_.exact) out.push_back({move_kind::timer, i, 0, true});
    if (now.arm && r_.exhaust) out.push_back({move_kind::old_timer, i});
  }
  for (auto& x : s.surpluses) {
    auto k = static_cast<std::uint8_t>(x.occurrence);
    if (x.arm) out.push_back({move_kind::surplus_timer, x.step, k});
    if (x.due_ms && r_.exhaust && !r_.exact)
      out.push_back({move_kind::surplus_timer, x.step, k, true});
  }
  if (r_.operators) moves_of_operator(w, out);
  if (r_.pause && !s.paused && (s.phase == phase::running || s.phase == phase::aborting))
    out.push_back({move_kind::pause});
  if (s.paused) out.push_back({move_kind::resume});
  if (s.paused)
    std::erase_if(out, [&](const move& m) {
      auto e = event_of(d_, s, m);
      bool environment = m.kind >= move_kind::customer && m.kind <= move_kind::handle_undo;
      if (environment || m.kind == move_kind::resume) return false;
      bool held = std::any_of(s.held.begin(), s.held.end(), [&](const machine::event& h) {
        return h.kind == e.kind && h.step == e.step && h.occurrence == e.occurrence && h.n == e.n;
      });
      return held || s.held.size() >= max_explored_held || (r_.reduce && !worth_holding(w, e));
    });
  auto plain = out.size();
  for (std::size_t i = 0; i < plain && naive(choice::publish_then_commit); ++i) {
    if (out[i].kind >= move_kind::customer && out[i].kind <= move_kind::handle_undo) continue;
    out.push_back(out[i]);
    out.back().commit = commit::published_only;
  }
  for (std::size_t i = 0; i < plain && w.zombie; ++i) {
    if (out[i].kind >= move_kind::customer && out[i].kind <= move_kind::handle_undo) continue;
    out.push_back(out[i]);
    out.back().commit = commit::by_zombie;
  }
  if (naive(choice::stale_owner) && !w.zombie_loaded) out.push_back({move_kind::load_stale});
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

// The operator is truthful and looks first: he never says what the books contradict.
void universe::moves_of_operator(const world& w, std::vector<move>& out) const {
  auto& s = w.saga;
  bool undone_again = false;  // once is explored, of one step
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i)
    undone_again = undone_again || (!d_.steps[i].awaits() && s.steps[i].n > 1);
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
    auto status_now = s.steps[i].status;
    auto kind_now = d_.steps[i].kind();
    bool there = stands(w.books[i]);
    if (s.phase == phase::aborted && status_now == status::settled && d_.steps[i].has_undo() &&
        !d_.steps[i].awaits() && !undone_again)
      out.push_back({move_kind::op_retry, i});
    if (status_now != status::to_operator) continue;
    out.push_back({move_kind::op_retry, i});
    if (s.phase == phase::aborting && kind_now == kind::compensatable)
      out.push_back({move_kind::op_settle, i});
    if (s.phase != phase::running) continue;
    bool may_be_done = !w.books[i].fence && !w.books[i].declined;
    if (kind_now != kind::compensatable && (there || may_be_done))
      out.push_back({move_kind::op_done, i});
    if (kind_now == kind::pivot && !there && !d_.steps[i].no_fence)
      out.push_back({move_kind::op_not_done, i});
  }
  if (s.conflict) out.push_back({move_kind::op_settle});
  for (auto& x : s.surpluses) {
    if (x.now != machine::surplus_state::state::to_operator) continue;
    auto k = static_cast<std::uint8_t>(x.occurrence);
    if (d_.steps[x.step].has_undo()) out.push_back({move_kind::op_retry, x.step, k});
    out.push_back({move_kind::op_settle, x.step, k});
  }
}

// What an operator writes in the participant's books before he tells the saga.
void universe::write_books(world& w, const move& m) const {
  bool backward = w.saga.phase == phase::aborting || w.saga.phase == phase::aborted;
  for (std::uint8_t i = 0; m.step == machine::whole_saga && backward && i < d_.steps.size(); ++i) {
    auto now = w.saga.steps[i].status;
    if (now == status::undoing || now == status::to_operator || now == status::done) continue;
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
  } else if (m.kind == move_kind::op_done && !stands(books)) {
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

// One event, one transaction of the orchestrator.
void universe::decide(world& w, const move& m, happening& h) const {
  machine::saga copy;
  auto* saga = &w.saga;
  if (m.commit == commit::by_zombie) saga = &*w.zombie;
  if (m.commit == commit::published_only) saga = &(copy = w.saga);
  h.to_engine = true;
  h.before = saga->phase;
  h.event = event_of(d_, *saga, m);
  if (m.exhausted) {
    auto* x = m.kind == move_kind::surplus_timer ? find_surplus(*saga, m.step, m.item) : nullptr;
    (x ? x->attempts : saga->steps[m.step].attempts) = 2;
  }
  h.outcome = machine::step(d_, *saga, h.event, chosen(w.guards, h.cells), h.actions);
  for (auto& a : h.actions) send(w, a);
  if (m.commit == commit::published_only) return;
  auto* mail = m.step < d_.steps.size() ? &w.mail[m.step] : nullptr;
  if (m.kind == move_kind::ok) {
    take(mail->ok[m.item - 1]);
    if (h.outcome.verdict != machine::verdict::overflow) mail->consumed |= 1u << (m.item - 1);
  }
  if (m.kind == move_kind::declined) take(mail->declined);
  if (m.kind == move_kind::refused) take(mail->refused);
  if (m.kind == move_kind::retry) take(mail->retry[m.item]);
  if (m.kind == move_kind::undone) take(mail->undone[m.item - 1]);
  if (m.commit == commit::by_zombie) {
    w.saga = *w.zombie;
    w.zombie.reset();
  }
}

void universe::apply(world& w, const move& m, happening& h) const {
  h = {};
  if (m.kind == move_kind::load_stale) {
    w.zombie = w.saga;
    w.zombie_loaded = true;
  } else if (!answer(w, m, h)) {
    if (m.kind >= move_kind::op_retry && m.kind <= move_kind::op_not_done) write_books(w, m);
    decide(w, m, h);
    bool nothing = !h.outcome.changed && h.actions.empty() && m.kind != move_kind::ok;
    if (nothing && r_.reduce && !r_.exact) return;
  }
  settle(w);
  canonical(w.saga);
  if (w.zombie) canonical(*w.zombie);
}

// Two sagas that will behave alike become equal: numbers of arms, times and counts are folded.
void universe::canonical(machine::saga& s) const {
  s.recorded = 0;
  s.deadline_ms = s.deadline_ms != 0;
  s.parking_ms = s.parking_ms != 0;
  s.paused_ms = s.paused_ms != 0;
  auto fold = [&](auto& timed) {
    timed.due_ms = timed.due_ms != 0;
    timed.arm = timed.arm != 0;
    if (r_.exact) return;
    timed.attempts = timed.attempts && timed.due_ms;
    timed.waiting = false;  // the pause that a `retry` asked for ends like any resend
  };
  for (std::size_t i = 0; i < d_.steps.size(); ++i) fold(s.steps[i]);
  for (auto& x : s.surpluses) fold(x);
  auto by_effect = [](auto& a, auto& b) {
    return std::pair(a.step, a.occurrence) < std::pair(b.step, b.occurrence);
  };
  std::sort(s.counted.begin(), s.counted.end(), by_effect);
  std::sort(s.surpluses.begin(), s.surpluses.end(), by_effect);
}
}  // namespace skald::explore
