#include "sagas/diff.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "skald/json.hpp"

namespace skald {
namespace {
using nlohmann::json;

struct meaning {
  std::string_view member, sentence;
};
constexpr meaning of_saga[] = {
    {"saga", "another name is another saga, with keys and versions of its own"},
    {"version", "new sagas pin this version from its activation on"},
    {"starts", "new sagas start by this event and key; the key makes the saga's id"},
    {"deadline_ms", "new sagas are aborted after this time, if they can be"},
    {"parking_ms", "events that come before their saga's start wait this long for it"},
    {"parallel_undo", "changes whether the steps of an abort are undone at once"},
    {"strict_order", "changes whether an undo that is stuck holds the others back"},
    {"publish", "changes what readers of the saga events see"},
};
constexpr meaning of_step[] = {
    {"send", "its participant must understand this command before the version is activated"},
    {"await", "another event is awaited: its topic is read from the activation on"},
    {"done", "its participant must answer with this event before the version is activated"},
    {"failed", "its participant may decline with these events only; others are quarantined"},
    {"occurrence", "changes which effects are the same and which are surplus"},
    {"when", "changes for which sagas the step is skipped"},
    {"within_ms", "changes how long an answer is waited for"},
    {"retry", "changes how often and when the command is sent again"},
    {"fence", "its participant must understand this command before the version is activated"},
    {"undo", "its participant must understand the undo before the version is activated"},
    {"undo_retry", "changes how long an undo is tried before an operator is asked"},
    {"surplus", "changes what becomes of a second effect of the step"},
    {"no_fence", "changes what is assumed of the participant: check the definition again"},
    {"not_idempotent", "changes what is assumed of the participant: check the definition again"},
};
struct placed_step {
  std::string at;
  std::size_t stage = 0;
  json body;
};
using steps = std::map<std::string, placed_step>;

steps steps_of(const json& d) {
  steps all;
  for (std::size_t i = 0; i < d["steps"].size(); ++i) {
    const json& stage = d["steps"][i];
    const std::string at = "/steps/" + std::to_string(i);
    if (!stage.contains("together")) {
      all[stage["step"].get<std::string>()] = {at, i, stage};
      continue;
    }
    const json& together = stage["together"];
    for (std::size_t k = 0; k < together.size(); ++k)
      all[together[k]["step"].get<std::string>()] = {at + "/together/" + std::to_string(k), i,
                                                     together[k]};
  }
  return all;
}

std::string text(const json& object, const std::string& member) {
  return object.contains(member) ? object[member].dump() : "";
}
template <std::size_t N>
void compare_members(const json& before, const json& after, const std::string& at,
                     const meaning (&known)[N], std::vector<difference>& out) {
  for (auto& [member, words] : known) {
    const std::string name(member);
    if (text(before, name) == text(after, name)) continue;
    out.push_back({at + "/" + name, text(before, name), text(after, name), std::string(words)});
  }
}
}  // namespace

std::vector<difference> differences(const definition& before, const definition& after) {
  std::vector<difference> all;
  const json a = json::parse(to_json(before)), b = json::parse(to_json(after));
  compare_members(a, b, "", of_saga, all);
  const steps old_steps = steps_of(a), new_steps = steps_of(b);
  for (auto& [name, step] : old_steps)
    if (!new_steps.contains(name))
      all.push_back({step.at, step.body.dump(), "", "new sagas do not have this step"});
  for (auto& [name, step] : new_steps) {
    const auto old = old_steps.find(name);
    if (old == old_steps.end()) {
      all.push_back({step.at, "", step.body.dump(),
                     "new sagas have this step; its participant must be there before"});
      continue;
    }
    if (old->second.stage != step.stage)
      all.push_back({step.at, std::to_string(old->second.stage), std::to_string(step.stage),
                     "the step has moved: new sagas come to it at another stage"});
    compare_members(old->second.body, step.body, step.at, of_step, all);
  }
  return all;
}

std::string effect_on_running(const definition& before, const definition& after) {
  const std::string name(before.name), was = std::to_string(before.version),
                                       is = std::to_string(after.version);
  if (before.name != after.name)
    return "These are two sagas: sagas of " + name + " are not touched by " +
           std::string(after.name) + ".";
  if (to_json(before) == to_json(after)) return "Nothing changed.";
  if (before.version == after.version)
    return "Both are version " + was +
           ", and a stored version is never edited: give the new one a "
           "higher version.";
  return "Sagas that run version " + was + " finish on version " + was +
         ": nothing of this reaches them. Sagas that start after the activation run version " + is +
         ".";
}
}  // namespace skald
