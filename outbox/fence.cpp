#include "outbox/fence.hpp"

namespace skald::fence {
namespace {
using what = decision::what;
using wire::outcome;

row& ensure(memory& m, string_view occurrence) {
  if (auto* r = m.find(occurrence)) return *r;
  m.rows.push_back({.occurrence = std::string(occurrence)});
  return m.rows.back();
}

void put(row& r, state now) {
  r.now = now;
  r.changed = true;
}

decision answer(outcome o, const row* remembered = nullptr) {
  return {.act = what::answer, .outcome = o, .remembered = remembered};
}

decision decide_do(memory& m) {
  const auto* own = m.find("");
  if (!own) return {.act = what::run};
  switch (own->now) {
    case state::done:
      return answer(outcome::ok, own);
    case state::declined:
      return answer(outcome::declined, own);
    case state::undone:
    case state::fenced:
      break;
  }
  return answer(outcome::refused);
}

decision decide_undo_step(memory& m, bool pivot) {
  decision d{.act = what::undo};
  for (const auto& r : m.rows)
    if (r.now == state::done) d.effects.push_back(&r);
  if (pivot && !d.effects.empty()) return answer(outcome::ok, d.effects.front());
  return d;  // with nothing in effect: no handler, but the fence is set
}

// The row of what a message names: an occurrence, or the name that a reply gave the effect, or the
// id of the step's own command. No name: the step's own.
row* find_effect(memory& m, const question& q) {
  if (q.occurrence.empty() || q.occurrence == q.own_id) return m.find("");
  if (auto* r = m.find(q.occurrence)) return r;
  for (auto& r : m.rows)
    if (!r.effect.empty() && r.effect == q.occurrence) return &r;
  return nullptr;
}

row& ensure_effect(memory& m, const question& q) {
  if (auto* r = find_effect(m, q)) return *r;
  return ensure(m, q.occurrence == q.own_id ? "" : q.occurrence);
}

decision decide_undo_named(memory& m, const question& q) {
  const auto* r = find_effect(m, q);
  if (r && r->now != state::done) return answer(outcome::undone);
  return {.act = what::undo, .effects = {r}};
}
}  // namespace

string_view name(state s) {
  switch (s) {
    case state::done:
      return "done";
    case state::declined:
      return "declined";
    case state::undone:
      return "undone";
    case state::fenced:
      return "fenced";
  }
  return {};
}

bool read(string_view words, state& out) {
  for (auto s : {state::done, state::declined, state::undone, state::fenced})
    if (name(s) == words) return out = s, true;
  return false;
}

row* memory::find(string_view occurrence) {
  for (auto& r : rows)
    if (r.occurrence == occurrence) return &r;
  return nullptr;
}

decision decide(memory& m, const question& q) {
  if (q.kind == wire::kind::do_) return decide_do(m);
  return q.occurrence.empty() ? decide_undo_step(m, q.pivot) : decide_undo_named(m, q);
}

void remember(memory& m, wire::outcome o, string_view effect, string_view reply_type,
              string_view reply) {
  auto& own = ensure(m, "");
  put(own, o == outcome::ok ? state::done : state::declined);
  own.effect = effect;
  own.reply_type = reply_type;
  own.reply = reply;
}

void remember_undone(memory& m, const question& q) {
  if (!q.occurrence.empty()) return put(ensure_effect(m, q), state::undone);
  for (auto& r : m.rows)
    if (r.now == state::done) put(r, state::undone);
  if (const auto* own = m.find(""); !own || own->now == state::declined)
    put(ensure(m, ""), state::fenced);
}

const row& settle(memory& m, const question& q, state to, string_view reply_type,
                  string_view reply) {
  auto& r = ensure_effect(m, q);
  put(r, to);
  if (!reply_type.empty()) {
    r.reply_type = reply_type;
    r.reply = reply;
  }
  return r;
}
}  // namespace skald::fence
