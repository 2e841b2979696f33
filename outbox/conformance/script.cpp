#include "outbox/conformance/script.hpp"

#include <nlohmann/json.hpp>

#include "outbox/whole_json.hpp"

namespace skald::conformance {
namespace {
using nlohmann::json;

std::string text(const json& from, const std::string& at, const char* name, bool needed) {
  if (!from.contains(name)) {
    if (needed) throw bad_script(at + "/" + name + " is missing");
    return {};
  }
  if (!from[name].is_string()) throw bad_script(at + "/" + name + " must be a string");
  return from[name];
}

message read_message(const json& from, const std::string& at, const char* name, bool needed) {
  if (!from.contains(name)) {
    if (needed) throw bad_script(at + "/" + name + " is missing");
    return {};
  }
  const auto here = at + "/" + name;
  const auto& m = from[name];
  if (!m.is_object()) throw bad_script(here + " must be {\"type\": ..., \"data\": {...}}");
  if (!m.contains("data") || !m["data"].is_object())
    throw bad_script(here + "/data must be an object");
  return {text(m, here, "type", true), m["data"].dump()};
}

step read_step(const json& from, const std::string& at) {
  if (!from.is_object()) throw bad_script(at + " must be an object");
  step s{.name = text(from, at, "step", true),
         .act = read_message(from, at, "do", true),
         .ok_type = text(from, at, "ok", false),
         .decline = read_message(from, at, "declined", false),
         .undo_named = read_message(from, at, "undo_by_name", false)};
  s.pivot = from.contains("fence");
  if (s.pivot && from.contains("undo")) throw bad_script(at + " has an undo and a fence");
  if (s.pivot && !s.undo_named.empty()) throw bad_script(at + ": a pivot is not undone by name");
  s.undo = read_message(from, at, s.pivot ? "fence" : "undo", true);
  return s;
}
}  // namespace

script read_script(std::string_view words) {
  const auto all = whole_json(words);
  if (all.is_discarded()) throw bad_script("the script is not JSON");
  if (!all.is_object()) throw bad_script("the script must be a JSON object");
  script s{.participant = text(all, "", "participant", true)};
  if (const auto type = text(all, "", "saga_type", false); !type.empty()) s.saga_type = type;
  if (!all.contains("steps") || !all["steps"].is_array() || all["steps"].empty())
    throw bad_script("/steps must be a list of at least one step");
  for (std::size_t i = 0; i < all["steps"].size(); ++i)
    s.steps.push_back(read_step(all["steps"][i], "/steps/" + std::to_string(i)));
  return s;
}
}  // namespace skald::conformance
