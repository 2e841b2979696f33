#include "sagas/explore/narrate.hpp"

#include <algorithm>

namespace skald::explore {
namespace {
using machine::action_kind;
using machine::event_kind;

const char* word(machine::phase p) {
  static constexpr const char* words[] = {"NONE", "RUNNING", "ABORTING", "COMPLETED", "ABORTED"};
  return words[static_cast<int>(p)];
}

class narrator {
 public:
  narrator(const universe& u, report& out) : u_(u), d_(u.definition()), out_(out) {}

  void tell(const found& f) {
    auto w = f.beginning;
    happening h;
    for (auto& m : f.path) {
      auto before = w;
      u_.apply(w, m, h);
      if (m.kind == move_kind::ok && before.books[m.step].effects[m.item - 1] == effect::none)
        out_.trace.push_back({.what = numbered(m) + " HAPPENS"});
      trace_line line{.actor = actor(m), .what = what(m), .decision = decision(before, w, m, h)};
      line.replay = replay(m, h);
      out_.trace.push_back(line);
      if (!line.actor.empty() && std::find(out_.participants.begin(), out_.participants.end(),
                                           line.actor) == out_.participants.end())
        out_.participants.push_back(line.actor);
    }
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i) out_.ledger.push_back(balance(w, i));
    out_.guards = f.beginning.guards;
    for (std::uint8_t i = 0; i < d_.steps.size(); ++i) {
      if (d_.steps[i].when.empty() || w.saga.steps.items[i].status == machine::status::idle)
        continue;
      out_.assumed.push_back("the guard of " + name(i) + " is taken as " +
                             (f.beginning.guards >> i & 1 ? "true" : "false") +
                             ": a free choice, the data was not looked at");
    }
    std::string phase = word(w.saga.phase);
    for (auto& c : phase) c = static_cast<char>(c - 'A' + 'a');
    out_.end = "phase::" + phase;
  }

 private:
  std::string name(std::uint8_t i) const {
    return i < d_.steps.size() ? std::string(d_.steps[i].name) : "the saga";
  }
  std::string numbered(const move& m) const {
    return d_.steps[m.step].awaits() ? name(m.step) + " #" + std::to_string(m.item) : name(m.step);
  }

  std::string actor(const move& m) const {
    if (m.step >= d_.steps.size()) return {};
    bool participants = m.kind >= move_kind::customer && m.kind <= move_kind::undone;
    auto& s = d_.steps[m.step];
    if (!participants) return {};
    if (s.awaits() && m.kind != move_kind::handle_undo && m.kind != move_kind::undone)
      return m.kind == move_kind::customer ? std::string() : std::string(s.await.topic);
    return std::string(s.awaits() ? s.undo.send.participant : s.send.participant);
  }

  std::string what(const move& m) const {
    return what_happens(m) + (m.again ? ", the first of two copies" : "");
  }

  std::string what_happens(const move& m) const {
    auto late = [&](const char* timer) {
      return "timer of " + name(m.step) + (m.exhausted ? ", the last" : timer);
    };
    switch (m.kind) {
      case move_kind::start:
        return "start";
      case move_kind::cancel:
        return "cancel";
      case move_kind::deadline:
        return "the deadline";
      case move_kind::parking_over:
        return "parking time is over";
      case move_kind::timer:
        return late("");
      case move_kind::old_timer:
        return late(", an old one");
      case move_kind::surplus_timer:
        return late(", second effect");
      case move_kind::customer:
        return numbered(m) + " HAPPENS";
      case move_kind::try_fails:
        return "a try at " + name(m.step) + " fails";
      case move_kind::handle_do:
        return name(m.step) + " TAKES EFFECT";
      case move_kind::handle_do_declining:
        return name(m.step) + " is declined";
      case move_kind::handle_do_lying:
        return name(m.step) + " TAKES EFFECT, also answers declined";
      case move_kind::handle_do_retrying:
      case move_kind::handle_undo_retrying:
        return name(m.step) + ": answers retry";
      case move_kind::handle_undo:
        return "undo of " + name(m.step) + " is handled";
      case move_kind::ok:
        return "ok(" + numbered(m) + ") arrives";
      case move_kind::declined:
        return "declined(" + name(m.step) + ") arrives";
      case move_kind::refused:
        return "refused(" + name(m.step) + ") arrives";
      case move_kind::retry:
        return "retry(" + name(m.step) + ") arrives";
      case move_kind::undone:
        return "undone(" + name(m.step) + ", " + std::to_string(m.item) + ") arrives";
      case move_kind::pause:
        return "pause";
      case move_kind::resume:
        return "resume";
      case move_kind::op_retry:
        return "operator: retry " + name(m.step);
      case move_kind::op_settle:
        return "operator: settle " + name(m.step);
      case move_kind::op_done:
        return "operator: " + name(m.step) + " is done";
      case move_kind::op_not_done:
        return "operator: " + name(m.step) + " is not done";
      case move_kind::load_stale:
        return "a stale owner has loaded the saga";
    }
    return {};
  }

  std::string decision(const world& before, const world& after, const move& m,
                       const happening& h) const {
    if (!h.to_engine) return {};
    std::string text;
    if (m.commit == commit::published_only) text = "not committed: ";
    if (m.commit == commit::by_zombie) text = "the stale owner: ";
    bool moved = before.saga.phase != after.saga.phase;
    if (moved) text += word(after.saga.phase);
    for (auto& a : h.actions) {
      if (a.kind > action_kind::send_fence) continue;
      if (!text.empty() && text.back() != ' ') text += ", ";
      text += a.kind == action_kind::send_do           ? "do "
              : a.kind == action_kind::send_fence      ? "fence "
              : a.kind == action_kind::send_undo_named ? "undo by name "
                                                       : "undo ";
      text += name(a.step);
    }
    bool silent = text.empty() || text.back() == ' ';
    if (silent && m.step < d_.steps.size() &&
        before.saga.steps.items[m.step].status != after.saga.steps.items[m.step].status)
      text += name(m.step) + ": " + status_word(after.saga.steps.items[m.step].status);
    else if (silent)
      text += verdict_word(h.outcome.verdict);
    return text;
  }

  static std::string status_word(machine::status s) {
    static constexpr const char* words[] = {"idle",      "pending",     "done",
                                            "declined",  "undoing",     "settled",
                                            "resolving", "to operator", "skipped"};
    return words[static_cast<int>(s)];
  }
  static std::string verdict_word(machine::verdict v) {
    static constexpr const char* words[] = {"applied",   "parked",  "held",
                                            "duplicate", "surplus", "recorded",
                                            "conflict",  "refused", "quarantined"};
    return words[static_cast<int>(v)];
  }

  // The engine's event as the words of the emitted test.
  std::string replay(const move& m, const happening& h) const {
    if (!h.to_engine || m.commit != commit::whole) return {};
    static constexpr const char* kinds[] = {"start",    "ok",           "declined", "refused",
                                            "retry",    "undone",       "timer",    "cancel",
                                            "deadline", "parking_over", "pause",    "resume",
                                            "op_retry", "op_settle",    "op_done",  "op_not_done"};
    auto& e = h.event;
    std::string text = std::string("apply(event_kind::") + kinds[static_cast<int>(e.kind)];
    auto verdict = h.outcome.verdict == machine::verdict::overflow
                       ? "overflow"
                       : verdict_word(h.outcome.verdict);
    auto end = ") == verdict::" + verdict;
    if (e.step == machine::whole_saga) return text + end;
    text += ", " + std::to_string(e.step) + ", " + std::to_string(e.n) + ", " +
            std::to_string(e.occurrence);
    if (e.in_books) return text + ", in_books" + end;
    if (m.kind == move_kind::old_timer) return text + ", an_old_one" + end;
    return text + (m.exhausted ? ", the_last" : "") + end;
  }

  std::string balance(const world& w, std::uint8_t i) const {
    int stands = 0, undone = 0;
    for (auto e : w.books[i].effects) {
      stands += e == effect::in_force;
      undone += e == effect::undone;
    }
    std::string text = name(i) + ": ";
    if (!stands && !undone)
      return text + (w.books[i].fence ? "never happened, fenced" : "not in effect");
    if (stands) text += std::to_string(stands) + " in effect";
    if (stands && undone) text += ", ";
    if (undone) text += std::to_string(undone) + " undone";
    return text;
  }

  const universe& u_;
  const definition& d_;
  report& out_;
};
}  // namespace

void narrate(const universe& u, const found& f, report& out) {
  narrator(u, out).tell(f);
}
}  // namespace skald::explore
