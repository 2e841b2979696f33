#include "sagas/explore/explore.hpp"

#include <chrono>

#include "sagas/explore/lints.hpp"
#include "sagas/explore/narrate.hpp"
#include "sagas/explore/search.hpp"
#include "sagas/table.hpp"

namespace skald::explore {
namespace {
struct scenario {
  std::string name;
  explore::rules rules;
  explore::goal goal;
};

constexpr goal may_end{may_rest, "liveness",
                       "from here the saga can neither finish nor reach the operator"};

bool is_completed(const world& w) {
  return w.saga.phase == machine::phase::completed;
}
constexpr goal completes{is_completed, "S9",
                         "nothing failed, and yet the saga cannot become COMPLETED any more"};

bool awaits(const definition& d, unclaimed wanted) {
  for (auto& s : d.steps)
    if (s.awaits() && (wanted == unclaimed::unsaid || s.await.unclaimed == wanted)) return true;
  return false;
}

std::vector<scenario> scenarios(const definition& d, const options& o) {
  const rules any{.liars = o.liars,
                  .reliable_replies = o.reliable_replies,
                  .exact = o.exact,
                  .faults = std::min(std::max(o.faults, 0), most_faults),
                  .fold = o.fold,
                  .consumed_bit = o.consumed_bit};
  auto all = any;
  all.effects = std::min<int>(std::max(o.payments, 1), max_effects);
  std::string name = "faults, declines, cancel";
  if (d.deadline.count() > 0) name += ", deadline";
  name += ", operator";
  if (awaits(d, unclaimed::unsaid) && all.effects > 1)
    name += ", " + std::to_string(all.effects) + " occurrences of what is awaited";
  if (o.liars) name += ", lying participants";
  std::vector<scenario> out{{name, all, o.exact ? goal{} : may_end}};
  if (o.exact) return out;
  auto calm = any;
  calm.effects = 1;
  calm.cancel = calm.exhaust = calm.decline = calm.operators = calm.liars = false;
  calm.reliable_replies = true;
  out.push_back({"calm: nothing fails", calm, completes});
  if (awaits(d, unclaimed::ignore)) {
    auto strangers = any;
    strangers.effects = all.effects;
    strangers.strangers = true;
    strangers.liars = strangers.reliable_replies = false;
    out.push_back({"strangers' events", strangers, may_end});
  }
  if (o.pause) {
    auto pause = any;
    pause.effects = 1;
    pause.operators = pause.liars = false;
    pause.pause = true;
    out.push_back(
        {"pause and resume, " + std::to_string(max_explored_held) + " inputs held", pause, {}});
  }
  return out;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Runs one scenario into the report; false: a violation was found.
bool run(const definition& d, const scenario& s, const options& o, report& out,
         std::bitset<max_cells>& cells) {
  auto begin = std::chrono::steady_clock::now();
  universe u(d, s.rules);
  auto f = search(u, s.goal, o.max_states);
  scenario_result r{s.name, f.states, f.edges, f.depth, 0, f.complete, f.goal_judged};
  r.unjudged = f.complete && !f.goal_judged && s.goal.reached && !f.violation.found();
  if (!f.complete && !f.violation.found()) {
    auto walked = wander(u, o.seed);
    cells |= walked.cells;
    if (walked.violation.found()) f = walked;
  }
  r.seconds = seconds_since(begin);
  cells |= f.cells;
  out.scenarios.push_back(r);
  out.states += r.states;
  out.depth = std::max(out.depth, r.depth);
  if (!f.violation.found()) {
    if (!r.complete && out.verdict == verdict::proven) out.verdict = verdict::bound_reached;
    return true;
  }
  out.verdict = verdict::violation;
  out.rule = f.violation.rule;
  out.sentence = f.violation.sentence;
  narrate(u, f, out);
  return false;
}

// Explores everything; stops at the first violation.
report run_all(const definition& d, const options& o) {
  report out;
  std::bitset<max_cells> cells;
  auto begin = std::chrono::steady_clock::now();
  for (auto& s : scenarios(d, o))
    if (!run(d, s, o, out, cells)) break;
  out.seconds = seconds_since(begin);
  if (o.exact)
    out.bounds = "copies counted, at most " + std::to_string(o.faults) +
                 " faults (a timeout, a second copy, a retry reply, a cancel), " +
                 "one retry and " + std::to_string(max_copies) +
                 " copies of a message, no pause; whether it can always end is not judged";
  out.cells = machine::cells;
  for (std::size_t i = 0; i < machine::cells; ++i)
    if (!cells[i]) out.never_taken.push_back(std::string(machine::table[i].name));
  return out;
}

// The weakness without which the definition is proven is the cause.
void find_cause(const definition& d, const options& o, report& out) {
  auto proven = [&](const definition& changed, const options& under) {
    auto small = under;
    small.max_states = std::min<std::size_t>(o.max_states, 300'000);
    small.exact = false;
    return run_all(changed, small).verdict == verdict::proven;
  };
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    auto name = "`" + std::string(d.steps[i].name) + "`";
    auto changed = d;
    if (d.steps[i].no_fence) {
      changed.steps[i].no_fence = false;
      if (proven(changed, o)) {
        out.why = "the participant of " + name + " has no fence: an undo that comes first is " +
                  "forgotten, and the late command takes effect";
        out.fix = "let it use skald's participant library (one row per saga and step), then " +
                  std::string("remove `no_fence` from ") + name;
        auto reliable = o;
        reliable.reliable_replies = true;
        if (!o.reliable_replies && proven(d, reliable))
          out.fix += "; or send its answers through an outbox, so that none is ever lost " +
                     std::string("(proven with --reliable-replies)");
        return;
      }
    }
    changed = d;
    if (d.steps[i].not_idempotent) {
      changed.steps[i].not_idempotent = false;
      if (proven(changed, o)) {
        out.why = "the participant of " + name + " does not recognise a repeated command: each " +
                  "delivery is another effect";
        out.fix =
            "let it keep the command's idempotency key, then remove `not_idempotent` from " + name;
        return;
      }
    }
  }
  auto changed = d;
  for (auto& s : changed.steps.items) s.no_fence = s.not_idempotent = false;
  if (proven(changed, o)) {
    out.why = "several participants lack a fence or idempotency";
    out.fix = "let them use skald's participant library, then remove the declared weaknesses";
    return;
  }
  out.why = "the rules of the engine do not cover this definition";
  out.fix = "this is a fault of skald, not of the definition: please report the trace";
}
}  // namespace

report explore(const definition& d, const options& o) {
  report out;
  if (d.steps.empty()) {
    out.verdict = verdict::bad_definition;
    out.sentence = "the definition has no steps";
    return out;
  }
  out = run_all(d, o);
  out.lints = lint(d);
  if (out.verdict == verdict::violation) find_cause(d, o, out);
  return out;
}
}  // namespace skald::explore
