#include "sagas/explore/lints.hpp"

#include <algorithm>

namespace skald::explore {
namespace {
std::string seconds(milliseconds t) {
  auto ms = t.count();
  return ms % 1000 ? std::to_string(ms) + " ms" : std::to_string(ms / 1000) + " s";
}

// The longest a step may take before its retries are used up.
milliseconds patience(const step& s) {
  auto total = s.within;
  auto pause = s.retry.first;
  for (int k = 0; k < s.retry.times && k < 64; ++k) {
    total += s.within + std::min(pause, s.retry.cap);
    pause = std::min(pause * std::max(1, s.retry.factor), s.retry.cap);
  }
  return total;
}

// The stages follow one another; the steps of one stage run side by side.
template <class Time>
milliseconds along(const definition& d, Time time) {
  milliseconds total{}, stage{};
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    stage = std::max(stage, time(d.steps[i]));
    if (i + 1 < d.steps.size() && d.steps[i + 1].stage == d.steps[i].stage) continue;
    total += stage;
    stage = {};
  }
  return total;
}

void lint_deadline(const definition& d, std::vector<std::string>& out) {
  if (d.deadline.count() == 0) return;
  auto once = along(d, [](const step& s) { return s.within; });
  auto patient = along(d, patience);
  if (d.deadline < once)
    out.push_back("the deadline of " + seconds(d.deadline) + " is shorter than the " +
                  seconds(once) + " that the steps may take even without a retry");
  else if (d.deadline < patient)
    out.push_back("the deadline of " + seconds(d.deadline) + " comes before the retries are used " +
                  "up, which takes up to " + seconds(patient));
}

void lint_step(const definition& d, const step& s, std::vector<std::string>& out) {
  auto name = "`" + std::string(s.name) + "`";
  if (s.no_fence && !s.awaits() && s.kind() == kind::compensatable)
    out.push_back(name + " has no fence: if its command is delayed and its answer lost, it takes " +
                  "effect after its undo and no orchestrator can make this safe");
  if (s.not_idempotent && s.occurrence.event.empty())
    out.push_back(name + " is not idempotent and says no occurrence: each repeated command is " +
                  "another effect and nothing tells them apart");
  if (s.kind() == kind::retriable && s.retry.times < 5)
    out.push_back(name + " is retriable but gives up after " + std::to_string(s.retry.times) +
                  " retries and asks the operator; it can never be undone, so let it try longer");
  if (s.kind() == kind::pivot && s.fence.empty())
    out.push_back(name + " is a pivot without a fence: each of its timeouts goes to the operator");
  if (s.awaits() && !s.has_undo() && s.undo.kind != undo::type::harmless &&
      s.kind() == kind::compensatable)
    out.push_back(name +
                  " is awaited and cannot be undone: if the saga aborts, what the customer " +
                  "did stands");
  if (s.awaits() && s.await.unclaimed == unclaimed::undo && !s.has_undo())
    out.push_back(name + " says `.unclaimed = undo` but has no undo");
  if (s.awaits() && s.await.unclaimed == unclaimed::ignore && s.has_undo())
    out.push_back(name + " says `.unclaimed = ignore`: an early event whose saga never starts " +
                  "within " + seconds(d.parking) + " is not undone");
  if (s.surplus == surplus::ignore && s.kind() != kind::retriable)
    out.push_back("a second effect of " + name + " is ignored, as it says: it is never undone");
  if (s.awaits() && s.retry.times > 0)
    out.push_back(name + " is awaited: it is never sent, so its retries mean nothing");
  if (s.awaits() && d.deadline.count() > 0 && s.within > d.deadline)
    out.push_back(name + " may wait longer than the saga's deadline");
  if (s.has_undo() && s.undo_retry.times < 3)
    out.push_back("the undo of " + name + " gives up after " + std::to_string(s.undo_retry.times) +
                  " retries: every outage becomes an operator's item");
}
}  // namespace

std::vector<std::string> lint(const definition& d) {
  std::vector<std::string> out;
  lint_deadline(d, out);
  for (auto& s : d.steps) lint_step(d, s, out);
  if (d.parallel_undo && d.strict_order)
    out.push_back("`parallel_undo` and `strict_order` contradict each other");
  return out;
}
}  // namespace skald::explore
