// docs/definition.schema.json is what others build on, so it must say what the loader does. The
// validator below knows just the words that the schema uses, and refuses to skip one it does not.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <string>

#include "sagas/json.hpp"
#include "tests/reference/all.hpp"

using namespace skald;
using nlohmann::json;

namespace {
class schema {
 public:
  explicit schema(json s) : root_(std::move(s)) {}
  bool accepts(const json& j) const { return accepts(root_, j); }

 private:
  bool accepts(const json& s, const json& j) const {
    for (auto& [word, rule] : s.items())
      if (!obeys(s, word, rule, j)) return false;
    return true;
  }
  bool obeys(const json& s, const std::string& word, const json& rule, const json& j) const {
    static const std::set<std::string> silent{"$schema", "$id", "$defs", "title", "description"};
    if (silent.contains(word)) return true;
    if (word == "$ref")
      return accepts(root_.at(json::json_pointer(rule.get<std::string>().substr(1))), j);
    if (word == "type") return type_of(j) == rule;
    if (word == "const") return j == rule;
    if (word == "enum") return std::find(rule.begin(), rule.end(), j) != rule.end();
    if (word == "anyOf") return accepting(rule, j) > 0;
    if (word == "oneOf") return accepting(rule, j) == 1;
    if (word == "pattern") return !j.is_string() || matches(j, rule);
    if (word == "maxLength") return !j.is_string() || j.get<std::string>().size() <= rule;
    if (word == "minimum") return !j.is_number() || j >= rule;
    if (word == "maximum") return !j.is_number() || j <= rule;
    if (word == "minItems") return !j.is_array() || j.size() >= rule;
    if (word == "maxItems") return !j.is_array() || j.size() <= rule;
    if (word == "minProperties") return !j.is_object() || j.size() >= rule;
    if (word == "maxProperties") return !j.is_object() || j.size() <= rule;
    if (word == "required") return !j.is_object() || has_all(rule, j);
    if (word == "items") return all_items(rule, j);
    if (word == "properties") return all_properties(rule, j);
    if (word == "additionalProperties") return rule == false && no_others(s, j);
    FAIL("the schema uses a word that its test does not know: " << word);
    return false;
  }
  static std::string type_of(const json& j) {
    return j.is_object()           ? "object"
           : j.is_array()          ? "array"
           : j.is_string()         ? "string"
           : j.is_boolean()        ? "boolean"
           : j.is_number_integer() ? "integer"
                                   : "other";
  }
  static bool matches(const std::string& text, const std::string& pattern) {
    static std::map<std::string, std::regex> known;  // compiling one costs more than using it
    const auto found = known.try_emplace(pattern, pattern).first;
    return std::regex_search(text, found->second);
  }
  std::ptrdiff_t accepting(const json& rules, const json& j) const {
    return std::count_if(rules.begin(), rules.end(), [&](auto& r) { return accepts(r, j); });
  }
  static bool has_all(const json& names, const json& j) {
    for (auto& n : names)
      if (!j.contains(n.get<std::string>())) return false;
    return true;
  }
  bool all_items(const json& rule, const json& j) const {
    if (j.is_array())
      for (auto& item : j)
        if (!accepts(rule, item)) return false;
    return true;
  }
  bool all_properties(const json& rules, const json& j) const {
    if (j.is_object())
      for (auto& [name, part] : j.items())
        if (rules.contains(name) && !accepts(rules[name], part)) return false;
    return true;
  }
  static bool no_others(const json& s, const json& j) {
    if (j.is_object())
      for (auto& [name, part] : j.items())
        if (!s["properties"].contains(name)) return false;
    return true;
  }

  json root_;
};

schema published() {
  std::ifstream in(std::string(SKALD_SOURCE_DIR) + "/docs/definition.schema.json");
  REQUIRE(in.good());
  return schema(json::parse(in));
}

// Every way to break one place of a definition: leave it out, misname it, or put another kind
// there.
void each_change(const json& right, const json::json_pointer& at,
                 const std::function<void(const json&)>& see) {
  const json& here = right.at(at);
  for (const json& other : {json(nullptr), json(-1), json(1.5), json(""), json(".."), json("Ö !"),
                            json("/a\n"), json(true), json::array(), json::object()}) {
    json wrong = right;
    wrong[at] = other;
    see(wrong);
  }
  if (!here.is_structured()) return;
  for (auto& [name, part] : here.items()) {
    json wrong = right;
    if (here.is_object()) {
      wrong.at(at).erase(name);
      see(wrong);
      wrong.at(at)["x" + name] = part;
      see(wrong);
      each_change(right, at / name, see);
    } else {
      each_change(right, at / static_cast<std::size_t>(std::stoul(name)), see);
    }
  }
}
}  // namespace

TEST_CASE("the schema accepts every definition that skald writes") {
  const schema s = published();
  for (auto* d : reference::all) {
    CAPTURE(d->name);
    CHECK(s.accepts(json::parse(to_json(*d))));
  }
}

TEST_CASE(
    "what the schema refuses, the loader refuses; what the loader reads, the schema accepts") {
  const schema s = published();
  int refused = 0, accepted = 0;
  for (auto* d : {&vending::self_pay_saga, &loan::saga}) {
    const json right = json::parse(to_json(*d));
    each_change(right, json::json_pointer(), [&](const json& wrong) {
      const bool loads = read_definition(wrong.dump()).definition.has_value();
      const bool fits = s.accepts(wrong);
      if (loads != fits) {
        // The schema sees the shape only: it may accept what a rule over several places refuses.
        CHECK_MESSAGE(!loads, "loaded, but against the schema: ", wrong.dump());
      }
      (fits ? accepted : refused)++;
    });
  }
  CHECK(refused > 1000);
  CHECK(accepted > 50);
}
