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
  std::string_view when_gone{};  // empty: the same
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
    {"send", "its participant must understand this command before the version is activated",
     "new sagas send no command here"},
    {"await", "another event is awaited: its topic is read from the activation on",
     "new sagas await no event here; the topic is read while older versions do"},
    {"done", "its participant must answer with this event before the version is activated"},
    {"failed", "its participant may decline with these events only; others are quarantined",
     "its participant may not decline any more; such an answer is quarantined"},
    {"occurrence", "changes which effects are the same and which are surplus"},
    {"when", "changes for which sagas the step is skipped"},
    {"within_ms", "changes how long an answer is waited for"},
    {"retry", "changes how often and when the command is sent again"},
    {"fence", "its participant must understand this command before the version is activated",
     "where nobody says whether the step took effect, an operator is asked at once"},
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
std::string pointer_token(const std::string& member) {  // as a JSON Pointer has it
  std::string out;
  for (const char c : member) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

// The smallest places that differ, where both have an object there.
void compare_values(const json& before, const json& after, const std::string& member,
                    const std::string& at, std::string_view words, std::vector<difference>& out) {
  const auto a = text(before, member), b = text(after, member);
  if (a == b) return;
  const auto here = at + "/" + pointer_token(member);
  const bool inside =
      !a.empty() && !b.empty() && before[member].is_object() && after[member].is_object();
  if (!inside) return out.push_back({here, a, b, std::string(words)});
  auto both = before[member];
  both.update(after[member]);
  for (auto& [name, unused] : both.items())
    compare_values(before[member], after[member], name, here, words, out);
}

template <std::size_t N>
void compare_members(const json& before, const json& after, const std::string& at,
                     const meaning (&known)[N], std::vector<difference>& out) {
  for (auto& [member, sentence, when_gone] : known) {
    const bool gone = !when_gone.empty() && !after.contains(member);
    compare_values(before, after, std::string(member), at, gone ? when_gone : sentence, out);
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

namespace {
constexpr std::size_t widest = 100;

// At most `most` bytes of it, cut between characters.
std::string cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  auto end = most - 4;
  while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
  return text.substr(0, end) + " ...";
}

std::string wrapped(const std::string& sentence, const std::string& indent) {
  std::string out, line = indent, word;
  for (const char c : sentence + ' ') {
    if (c != ' ') {
      word += c;
      continue;
    }
    if (line.size() > indent.size() && line.size() + 1 + word.size() > widest) {
      out += line + '\n';
      line = indent;
    }
    line += (line.size() > indent.size() ? " " : "") + word;
    word.clear();
  }
  return out + line + '\n';
}

// A whole step is told by its name.
std::string value_of(const std::string& text) {
  if (text.empty()) return "nothing";
  const json v = json::parse(text);
  if (v.is_object() && v.contains("step")) return "the step `" + v["step"].get<std::string>() + "`";
  return text;
}

std::string to_lines(const difference& d) {
  const auto mark = d.before.empty() ? "+ " : d.after.empty() ? "- " : "~ ";
  const auto was = value_of(d.before), is = value_of(d.after);
  const auto change = d.before.empty() ? is : d.after.empty() ? was : was + " -> " + is;
  auto out = mark + d.at;
  if (out.size() + 2 + change.size() <= widest)
    out += "  " + change + "\n";
  else if (d.before.empty() || d.after.empty())
    out = cut(out, widest) + "\n    " + cut(change, widest - 4) + "\n";
  else
    out = cut(out, widest) + "\n    was " + cut(was, widest - 8) + "\n    is  " +
          cut(is, widest - 8) + "\n";
  return out + wrapped(d.meaning, "    ");
}
}  // namespace

std::string to_text(const definition& before, const definition& after) {
  std::string out;
  for (const auto& d : differences(before, after)) out += to_lines(d);
  return out + (out.empty() ? "" : "\n") + wrapped(effect_on_running(before, after), "");
}
}  // namespace skald
