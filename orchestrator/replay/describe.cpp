#include "orchestrator/replay/describe.hpp"

#include <cstdio>
#include <ctime>
#include <map>
#include <set>

#include "sagas/names.hpp"

namespace skald {
using machine::phase;
using machine::status;
using surplus_is = machine::surplus_state::state;

namespace {
std::string step_name(const definition& d, std::uint8_t i) {
  return i < d.steps.size() ? std::string(d.steps[i].name) : std::string();
}

ordered_json of_step(const machine::step_state& s) {
  ordered_json out = {{"status", name(s.status)}};
  if (s.attempts > 0) out["attempts"] = s.attempts;
  if (s.undo_n > 0) out["undo"] = s.undo_n;
  if (s.due_ms > 0) out["due_ms"] = s.due_ms;
  if (s.dirty) out["dirty"] = true;
  if (s.risked) out["on_the_operators_word"] = true;
  if (s.accepted != 0) out["accepted"] = std::to_string(s.accepted);
  return out;
}

ordered_json of_surplus(const definition& d, const machine::surplus_state& x) {
  ordered_json out = {{"step", step_name(d, x.step)},
                      {"state", name(x.now)},
                      {"occurrence", std::to_string(x.occurrence)}};
  if (x.due_ms > 0) out["due_ms"] = x.due_ms;
  return out;
}

bool is_waiting(status s) {
  return s == status::pending || s == status::undoing || s == status::resolving;
}

void flatten(const ordered_json& value, const std::string& at,
             std::map<std::string, std::string>& out) {
  if (value.is_structured() && !value.empty()) {
    std::size_t i = 0;
    for (auto it = value.begin(); it != value.end(); ++it, ++i) {
      const auto key = value.is_object() ? it.key() : std::to_string(i);
      flatten(*it, at.empty() ? key : at + "." + key, out);
    }
  } else {
    out[at] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}
}  // namespace

ordered_json describe(const definition& d, const machine::saga& s) {
  ordered_json out = {{"phase", name(s.phase)}};
  if (s.paused) out["paused"] = true;
  if (s.born_aborted) out["born_aborted"] = true;
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (s.conflicts >> i & 1) out["conflicts"].push_back(step_name(d, i));
  if (s.deadline_ms > 0) out["deadline_ms"] = s.deadline_ms;
  if (s.parking_ms > 0) out["parking_until_ms"] = s.parking_ms;
  auto& steps = out["steps"] = ordered_json::object();
  for (std::uint8_t i = 0; i < s.steps.size() && i < d.steps.size(); ++i)
    steps[step_name(d, i)] = of_step(s.steps[i]);
  for (const auto& x : s.surpluses) out["surpluses"].push_back(of_surplus(d, x));
  for (const auto& p : s.parked)
    out["parked"].push_back((p.ok ? "ok " : "declined ") + step_name(d, p.step));
  for (const auto& e : s.held)
    out["held"].push_back(std::string(name(e.kind)) + " " + step_name(d, e.step));
  return out;
}

namespace {
std::string awaited(const step& of, const machine::step_state& s) {
  const auto attempt = ", attempt " + std::to_string(s.attempts);
  if (s.status == status::undoing)
    return "the undo by " + std::string(of.undo.send.participant) + attempt;
  if (s.status == status::resolving)
    return "the outcome from " + std::string(of.fence.participant) + attempt;
  if (of.awaits()) return "the event " + std::string(of.done);
  return std::string(of.send.participant) + attempt;
}
}  // namespace

std::vector<waiting> waits_for(const definition& d, const machine::saga& s) {
  std::vector<waiting> out;
  if (s.paused) out.push_back({"", "resume: it is paused"});
  if (s.phase == phase::none)
    out.push_back({"", "its start; what came early is kept so long", s.parking_ms});
  for (std::uint8_t i = 0; i < s.steps.size() && i < d.steps.size(); ++i) {
    const auto& state = s.steps[i];
    if (!is_waiting(state.status) || (state.status == status::pending && s.phase != phase::running))
      continue;
    out.push_back({step_name(d, i), awaited(d.steps[i], state), state.due_ms});
  }
  for (const auto& x : s.surpluses)
    if (x.now == surplus_is::open)
      out.push_back(
          {step_name(d, x.step),
           "the undo of another occurrence, attempt " + std::to_string(x.attempts), x.due_ms});
  return out;
}

std::vector<std::pair<std::string_view, int>> asked(const definition& d, const machine::saga& s) {
  std::vector<std::pair<std::string_view, int>> out;
  for (std::uint8_t i = 0; i < s.steps.size() && i < d.steps.size(); ++i) {
    const auto& step = d.steps[i];
    const auto now = s.steps[i].status;
    const auto& to = now == status::undoing     ? step.undo.send
                     : now == status::resolving ? step.fence
                                                : step.send;
    if (is_waiting(now) && !to.empty()) out.emplace_back(to.participant, s.steps[i].attempts);
  }
  for (const auto& x : s.surpluses)
    if (x.now == surplus_is::open && x.step < d.steps.size())
      out.emplace_back(d.steps[x.step].undo.send.participant, x.attempts);
  return out;
}

ordered_json to_json(const waiting& w) {
  return {{"step", w.step.empty() ? ordered_json() : ordered_json(w.step)},
          {"for", w.what},
          {"until", w.until_ms ? ordered_json(time_text(w.until_ms)) : ordered_json()}};
}

std::vector<std::string> operator_items(const definition& d, const machine::saga& s) {
  std::vector<std::string> out;
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (s.conflicts >> i & 1)
      out.push_back(step_name(d, i) + ": contradicting words about its effect: see the history");
  for (std::uint8_t i = 0; i < s.steps.size() && i < d.steps.size(); ++i)
    if (s.steps[i].status == status::to_operator)
      out.push_back(step_name(d, i) + (s.phase == phase::aborting ? ": could not be undone"
                                       : d.steps[i].kind() == kind::pivot
                                           ? ": nobody says whether it took effect"
                                           : ": could not be done"));
  for (const auto& x : s.surpluses)
    if (x.now == surplus_is::to_operator)
      out.push_back(step_name(d, x.step) + ": took effect once more than it should");
  return out;
}

std::vector<std::string> facets(const definition& d, const machine::saga& s) {
  std::vector<std::string> out;
  bool retrying = false, waiting = false;
  for (std::uint8_t i = 0; i < s.steps.size() && i < d.steps.size(); ++i) {
    const auto& state = s.steps[i];
    retrying |= is_waiting(state.status) && state.attempts > 1;
    waiting |= state.status == status::pending && d.steps[i].awaits() && s.phase == phase::running;
  }
  for (const auto& x : s.surpluses) retrying |= x.now == surplus_is::open && x.attempts > 1;
  if (machine::stuck(d, s)) out.push_back("stuck");
  if (retrying) out.push_back("retrying");
  if (waiting) out.push_back("waiting");
  if (s.paused) out.push_back("paused");
  return out;
}

ordered_json describe(const definition& d, const machine::action& a) {
  ordered_json out = {{"action", name(a.kind)}};
  if (a.step != machine::whole_saga) out["step"] = step_name(d, a.step);
  if (a.kind <= machine::action_kind::send_fence) {
    out["attempt"] = a.attempt;
    out["n"] = a.n;
  }
  if (a.occurrence != 0) out["occurrence"] = std::to_string(a.occurrence);
  return out;
}

std::vector<std::string> differences(const ordered_json& before, const ordered_json& after) {
  std::map<std::string, std::string> old_values, new_values;
  flatten(before, "", old_values);
  flatten(after, "", new_values);
  std::set<std::string> places;
  for (const auto& [at, value] : old_values) places.insert(at);
  for (const auto& [at, value] : new_values) places.insert(at);
  std::vector<std::string> out;
  for (const auto& at : places) {
    const auto was = old_values.count(at) ? old_values[at] : "-";
    const auto now = new_values.count(at) ? new_values[at] : "-";
    if (was != now) out.push_back(at + ": " + was + " -> " + now);
  }
  return out;
}

std::string time_text(std::int64_t at_ms) {
  const std::time_t seconds = at_ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32], out[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(out, sizeof out, "%s.%03dZ", text, static_cast<int>(at_ms % 1000));
  return out;
}
}  // namespace skald
