#include "sagas/explore/invariants.hpp"

#include <algorithm>

namespace skald::explore {
namespace {
using machine::phase;
using machine::status;

std::string quoted(string_view s) {
  return "`" + std::string(s) + "`";
}

const machine::surplus_state* find_surplus(const machine::saga& s, std::uint8_t step,
                                           std::uint64_t occurrence) {
  for (auto& x : s.surpluses)
    if (x.step == step && x.occurrence == occurrence) return &x;
  return nullptr;
}

class judgement {
 public:
  judgement(const universe& u, const world& w) : u_(u), d_(u.definition()), w_(w), s_(w.saga) {}

  // S8: an event behind the consumer's offset whose effect stands is known to the saga.
  violation forgotten() const {
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i)
      for (std::uint8_t k = 0; k < max_effects; ++k)
        if (stands(i, k) && consumed(i, k) && !known(i, k + 1u) && !harmless_by_now(i))
          return {"S8",
                  "the success of " + quoted(d_.steps[i].name) +
                      " was received and forgotten: nothing will ever come of it",
                  i};
    return {};
  }

  // S3: what cannot be undone has happened although an earlier step is undone.
  violation torn() const {
    if (u_.rules().strangers) return {};
    for (std::uint8_t late = 0; late < d_.steps.size(); ++late) {
      if (d_.steps[late].kind() == kind::compensatable) continue;
      if (!w_.books[late].any(effect::in_force) || lied(late)) continue;
      for (std::uint8_t i = 0; i < late; ++i)
        if (d_.steps[i].has_undo() && d_.steps[i].stage < d_.steps[late].stage && undone(i))
          return {"S3",
                  quoted(d_.steps[late].name) + " took effect AND " + quoted(d_.steps[i].name) +
                      " is undone",
                  late};
    }
    return {};
  }

  // S4, completed: each step in effect exactly once, by what the saga accepted.
  violation completed() const {
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
      auto& now = s_.steps[i];
      bool skipped = now.status == status::skipped;
      if (!skipped && now.status != status::done)
        return {"S4", "the saga is COMPLETED but " + quoted(d_.steps[i].name) + " is not done", i};
      if (!skipped && (now.accepted ? w_.books[i].effects[now.accepted - 1] != effect::in_force
                                    : !w_.books[i].any(effect::in_force)))
        return {"S4", "the saga is COMPLETED but " + quoted(d_.steps[i].name) + " is not in effect",
                i};
      for (std::uint8_t k = 0; k < max_effects; ++k) {
        bool accepted = !skipped && (now.accepted == k + 1u || (!now.accepted && k == 0));
        if (stands(i, k) && !accepted && !covered(i, k))
          return {"S4",
                  "the saga is COMPLETED but a second effect of " + quoted(d_.steps[i].name) +
                      " stands and nobody is told",
                  i};
      }
    }
    return {};
  }

  // S4, aborted, and S6: every effect that stands is undone, being undone, or a person's item.
  violation aborted() const {
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i)
      for (std::uint8_t k = 0; k < max_effects; ++k) {
        if (!stands(i, k) || covered(i, k)) continue;
        auto& step = d_.steps[i];
        if (step.kind() == kind::compensatable && !step.has_undo()) continue;
        bool over = s_.phase == phase::aborted;
        if (!over && in_work(i)) continue;
        return {over ? "S4" : "S6",
                std::string(over ? "the saga is ABORTED" : "the saga is stuck") +
                    " but the effect of " + quoted(step.name) + " stands and nobody is told",
                i};
      }
    return {};
  }

  // S7: whatever is owed has a timer or a person.
  violation hanging() const {
    if (s_.paused) return {};
    if (s_.phase == phase::none && !s_.parked.empty() && !s_.parking_ms)
      return {"S7", "an event is parked and nothing will ever wake the saga"};
    bool running = s_.phase == phase::running;
    bool alive = s_.conflicts != 0 || !(running || s_.phase == phase::aborting);
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
      auto& now = s_.steps[i];
      bool owed = now.status == status::undoing || now.status == status::resolving ||
                  (running && now.status == status::pending);
      if (owed && !now.due_ms)
        return {"S7",
                quoted(d_.steps[i].name) + " waits for an answer with no timer: if the " +
                    "answer is lost the saga hangs",
                i};
      alive = alive || now.due_ms || now.status == status::to_operator;
    }
    for (auto& x : s_.surpluses) {
      if (x.now == machine::surplus_state::state::open && !x.due_ms)
        return {"S7",
                "the undo of a second effect of " + quoted(d_.steps[x.step].name) +
                    " has no timer: it may be lost for ever",
                x.step};
    }
    if (!alive) return {"S7", "nothing is awaited and nobody is asked: the saga hangs"};
    return {};
  }

  violation robbed_stranger() const {
    for (std::uint8_t i = 0; u_.rules().strangers && i < d_.steps.size(); ++i)
      if (w_.books[i].any(effect::undone))
        return {"S2", "somebody else's " + quoted(d_.steps[i].name) + " was undone by this saga",
                i};
    return {};
  }

 private:
  bool stands(std::uint8_t i, std::uint8_t k) const {
    return w_.books[i].effects[k] == effect::in_force;
  }
  // Nothing of the step stands any more; what was a surplus does not count.
  bool undone(std::uint8_t i) const {
    if (s_.steps[i].status == status::skipped) return false;
    bool gone = false;
    for (std::uint8_t k = 0; k < max_effects; ++k) {
      if (stands(i, k)) return false;
      gone = gone || (w_.books[i].effects[k] == effect::undone && !find_surplus(s_, i, k + 1u));
    }
    return gone;
  }
  bool consumed(std::uint8_t i, std::uint8_t k) const {
    if (!u_.rules().consumed_bit) return u_.rules().exact && w_.mail[i].ok[k] == 0;
    return w_.mail[i].consumed >> k & 1;
  }
  bool in_conflict(std::uint8_t i) const { return s_.conflicts >> i & 1; }
  bool in_work(std::uint8_t i) const {
    auto now = s_.steps[i].status;
    if (now == status::undoing || now == status::to_operator || now == status::resolving)
      return true;
    bool waits = now == status::pending || now == status::done;
    return waits && (d_.strict_order || s_.phase == phase::running || !stuck_only_by_person());
  }
  bool stuck_only_by_person() const { return machine::stuck(d_, s_); }

  bool lied(std::uint8_t i) const {
    return w_.books[i].declined && w_.books[i].any(effect::in_force);
  }

  // Its success is still to come for sure, or a person has this very step, or the definition gave
  // it up.
  bool covered(std::uint8_t i, std::uint8_t k) const {
    bool sure = d_.steps[i].awaits() || u_.rules().reliable_replies || lied(i);
    if ((!consumed(i, k) && sure) || in_conflict(i)) return true;
    auto* x = find_surplus(s_, i, k + 1u);
    return x && x->now != machine::surplus_state::state::closed;
  }

  // Going backward, an effect that has no undo asks for nothing.
  bool harmless_by_now(std::uint8_t i) const {
    bool backward = s_.phase == phase::aborting || s_.phase == phase::aborted;
    return backward && d_.steps[i].kind() == kind::compensatable && !d_.steps[i].has_undo();
  }

  bool known(std::uint8_t i, std::uint64_t occurrence) const {
    if (s_.steps[i].accepted == occurrence || find_surplus(s_, i, occurrence)) return true;
    auto of_step = [&](auto& e) { return e.step == i && e.occurrence == occurrence; };
    if (std::any_of(s_.counted.begin(), s_.counted.end(), of_step)) return true;
    if (std::any_of(s_.parked.begin(), s_.parked.end(), of_step)) return true;
    if (std::any_of(s_.held.begin(), s_.held.end(), of_step)) return true;
    auto now = s_.steps[i].status;
    return !d_.steps[i].awaits() &&  // a step-wide undo is under way and will cover it
           (now == status::undoing || now == status::resolving || now == status::to_operator ||
            (s_.phase == phase::aborting && (now == status::pending || now == status::done)));
  }

  const universe& u_;
  const definition& d_;
  const world& w_;
  const machine::saga& s_;
};

// S5: forward only while running; a finished saga moves only for a late success or a person.
violation out_of_place(const definition& d, const world& w, const move& m, const happening& h) {
  bool reopens = m.kind == move_kind::ok || m.kind >= move_kind::op_retry;
  if (h.before == phase::completed && w.saga.phase != phase::completed)
    return {"S5", "a COMPLETED saga moves again"};
  if (h.before == phase::aborted && w.saga.phase != phase::aborted && !reopens)
    return {"S5", "an ABORTED saga moves again without a late success"};
  for (auto& a : h.actions)
    if (a.kind == machine::action_kind::send_do && w.saga.phase != phase::running &&
        m.kind != move_kind::resume)  // which applies several events
      return {"S5",
              "the command of " + quoted(d.steps[a.step].name) +
                  " is sent although the saga is not running",
              a.step};
  return {};
}
}  // namespace

violation judge(const universe& u, const world& w, const move& m, const happening& h) {
  auto& d = u.definition();
  if (h.broken)
    return {std::string(h.broken, 2),
            std::string(h.broken + 4) + ": " + quoted(d.steps[m.step].name), m.step};
  judgement j(u, w);
  if (m.commit == commit::whole && h.to_engine)
    if (auto v = out_of_place(d, w, m, h); v.found()) return v;
  if (auto v = j.robbed_stranger(); v.found()) return v;
  if (auto v = j.torn(); v.found()) return v;
  if (auto v = j.forgotten(); v.found()) return v;
  auto& s = w.saga;
  if (s.phase == phase::completed)
    if (auto v = j.completed(); v.found()) return v;
  if (s.phase == phase::aborted ||
      (s.phase == phase::aborting && !s.paused && machine::stuck(d, s)))
    if (auto v = j.aborted(); v.found()) return v;
  return j.hanging();
}

bool may_rest(const world& w) {
  auto& s = w.saga;
  if (s.phase == phase::none && s.parked.empty()) return true;
  return machine::finished(s) || machine::item_open(s) || s.paused;
}
}  // namespace skald::explore
