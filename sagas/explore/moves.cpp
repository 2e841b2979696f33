// Everything that may happen next in a world.
#include <algorithm>

#include "sagas/explore/world.hpp"

namespace skald::explore {
namespace {
using machine::choice;
using machine::naive;
using machine::phase;
using machine::status;

bool of_environment(const move& m) {
  return m.kind >= move_kind::customer && m.kind <= move_kind::handle_undo;
}

bool undo_under_way(const machine::saga& s) {
  for (auto& x : s.surpluses)
    if (x.now == machine::surplus_state::state::open) return true;
  for (auto& st : s.steps)
    if (st.status == status::undoing) return true;
  return false;
}
}  // namespace

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
      auto happens = r_.fold ? move_kind::ok : move_kind::customer;
      if (k < r_.effects) out.push_back({happens, i, static_cast<std::uint8_t>(k + 1)});
      if (!r_.fold && r_.decline && !d_.steps[i].failed.empty() && !mail.declined)
        out.push_back({move_kind::try_fails, i});
    }
    moves_of_step(w, i, out);
    for (std::uint8_t k = 0; k < max_effects; ++k)
      if (mail.ok[k]) out.push_back({move_kind::ok, i, static_cast<std::uint8_t>(k + 1)});
    if (mail.declined) out.push_back({move_kind::declined, i});
    if (mail.declined && r_.exhaust && r_.fold && d_.steps[i].kind() == kind::retriable)
      out.push_back({move_kind::declined, i, 0, true});  // which counts as an attempt
    if (mail.refused) out.push_back({move_kind::refused, i});
    for (std::uint8_t n = 1; n <= mail.undos; ++n)
      if (mail.undone[n - 1]) out.push_back({move_kind::undone, i, n});
    bool again = !r_.fold || d_.steps[i].retry.times > 0 || mail.undo[0] || now.waiting;
    for (std::uint8_t n = 0; n <= mail.undos; ++n) {
      if (mail.retry[n] && again) out.push_back({move_kind::retry, i, n});
      if (mail.retry[n] && r_.exhaust && r_.fold) out.push_back({move_kind::retry, i, n, true});
    }
    if (now.due_ms && again && r_.exhaust) out.push_back({move_kind::timer, i});
    if (now.due_ms && r_.exhaust && r_.fold) out.push_back({move_kind::timer, i, 0, true});
    if (now.arm && r_.exhaust && (r_.fold || r_.exact)) out.push_back({move_kind::old_timer, i});
    for (std::uint8_t a = 1; !r_.fold && !r_.exact && r_.exhaust && a <= now.arm; ++a)
      if (a < now.arm || !now.due_ms)
        out.push_back({.kind = move_kind::old_timer, .step = i, .arm = a});
  }
  for (auto& x : s.surpluses) {
    auto k = static_cast<std::uint8_t>(x.occurrence);
    if (x.arm) out.push_back({move_kind::surplus_timer, x.step, k});
    if (x.due_ms && r_.exhaust && r_.fold)
      out.push_back({move_kind::surplus_timer, x.step, k, true});
  }
  if (r_.operators) moves_of_operator(w, out);
  if (r_.pause && !s.paused && (s.phase == phase::running || s.phase == phase::aborting))
    out.push_back({move_kind::pause});
  if (s.paused) out.push_back({move_kind::resume});
  if (s.paused)
    std::erase_if(out, [&](const move& m) {
      if (of_environment(m) || m.kind == move_kind::resume) return false;
      auto e = event_of(s, m);
      bool held = std::any_of(s.held.begin(), s.held.end(), [&](const machine::event& h) {
        return h.kind == e.kind && h.step == e.step && h.occurrence == e.occurrence && h.n == e.n;
      });
      return held || s.held.size() >= max_explored_held || (r_.reduce && !worth_holding(w, e));
    });
  auto plain = out.size();
  for (std::size_t i = 0; i < plain && r_.exact; ++i) {
    if (out[i].kind < move_kind::handle_do || out[i].kind > move_kind::undone) continue;
    out.push_back(out[i]);
    out.back().again = true;
  }
  for (auto& m : out) m.fault = r_.exact && is_fault(w, m);
  if (w.faults >= r_.faults) std::erase_if(out, [](const move& m) { return m.fault; });
  plain = out.size();
  for (std::size_t i = 0; i < plain && naive(choice::publish_then_commit); ++i) {
    if (of_environment(out[i])) continue;
    out.push_back(out[i]);
    out.back().commit = commit::published_only;
  }
  for (std::size_t i = 0; i < plain && w.zombie; ++i) {
    if (of_environment(out[i])) continue;
    out.push_back(out[i]);
    out.back().commit = commit::by_zombie;
  }
  if (naive(choice::stale_owner) && !w.zombie_loaded) out.push_back({move_kind::load_stale});
}

// What the network, time or somebody does to a saga that would go well without it.
bool universe::is_fault(const world& w, const move& m) const {
  if (m.again) return true;
  switch (m.kind) {
    case move_kind::timer:
      return !w.saga.steps[m.step].waiting;  // else a participant asked for the pause
    case move_kind::surplus_timer:
    case move_kind::handle_do_retrying:
    case move_kind::handle_undo_retrying:
    case move_kind::cancel:
    case move_kind::deadline:
    case move_kind::parking_over:
      return true;
    default:
      return false;
  }
}

// The operator is truthful and looks first: he never says what the books contradict. Folded, he
// has an undo tried again when no other is under way: each try is of one step, and its own.
void universe::moves_of_operator(const world& w, std::vector<move>& out) const {
  auto& s = w.saga;
  const bool may_undo = !r_.fold || !undo_under_way(s);
  bool undone_again = false;  // once is explored, of one step
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i)
    undone_again = undone_again || (!d_.steps[i].awaits() && s.steps[i].n > 1);
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
    auto status_now = s.steps[i].status;
    auto kind_now = d_.steps[i].kind();
    bool there = w.books[i].stands();
    if (s.phase == phase::aborted && status_now == status::settled && d_.steps[i].has_undo() &&
        !d_.steps[i].awaits() && !undone_again)
      out.push_back({move_kind::op_retry, i});
    if (status_now != status::to_operator) continue;
    if (s.steps[i].arm <= max_arms && (may_undo || s.phase != phase::aborting))
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
  if (s.conflicts) out.push_back({move_kind::op_settle});
  for (auto& x : s.surpluses) {
    if (x.now != machine::surplus_state::state::to_operator) continue;
    auto k = static_cast<std::uint8_t>(x.occurrence);
    if (d_.steps[x.step].has_undo() && x.arm <= max_arms && may_undo)
      out.push_back({move_kind::op_retry, x.step, k});
    out.push_back({move_kind::op_settle, x.step, k});
  }
}
}  // namespace skald::explore
