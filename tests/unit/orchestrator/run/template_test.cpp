#include "orchestrator/template.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace skald;

namespace {
struct values final : place_values {
  std::map<std::uint16_t, std::string_view> known;
  std::optional<std::string_view> find(std::uint16_t place) const override {
    const auto found = known.find(place);
    if (found == known.end()) return {};
    return found->second;
  }
};
constexpr place from{"e", "/x"};

body_template compile(std::initializer_list<binding> fields) {
  command c{.type = "c", .participant = "p"};
  for (const auto& b : fields) c.fields.push(b);
  std::uint16_t next = 0;
  return {c, [&](const place&) { return next++; }};
}
std::string written(const body_template& t, const values& v) {
  std::string out = "before";
  return t.write(v, out) ? out.substr(6) : "missing, and left " + out;
}
}  // namespace

TEST_CASE("raw values are spliced in, fixed ones are written, nested fields share their object") {
  const auto t = compile({{.to = "/id", .from = from},
                          {.to = "/money/cents", .from = from},
                          {.to = "/money/currency", .fixed = {value::type::text, 0, "E\"R"}},
                          {.to = "/flag", .fixed = {value::type::boolean, 1, {}}},
                          {.to = "/n", .fixed = {value::type::integer, -5, {}}}});
  values v;
  v.known = {{0, "\"o\""}, {1, "{ \"raw\" : 1 }"}};
  CHECK(written(t, v) ==
        R"({"id":"o","money":{"cents":{ "raw" : 1 },"currency":"E\"R"},"flag":true,"n":-5})");
}

TEST_CASE("an optional value that is missing leaves no trace; one that is needed is an answer") {
  const auto t = compile({{.to = "/a", .from = from, .optional = true},
                          {.to = "/b", .from = from, .optional = true},
                          {.to = "/c/d", .from = from, .optional = true},
                          {.to = "/e", .from = from}});
  values v;
  CHECK(written(t, v) == "missing, and left before");
  v.known = {{3, "1"}};
  CHECK(written(t, v) == R"({"c":{},"e":1})");
  v.known = {{1, "2"}, {3, "1"}};
  CHECK(written(t, v) == R"({"b":2,"c":{},"e":1})");
}

TEST_CASE("no fields is an empty object; names are unescaped from the pointer") {
  CHECK(written(compile({}), {}) == "{}");
  values v;
  v.known = {{0, "1"}};
  CHECK(written(compile({{.to = "/a~1b~0c", .from = from}}), v) == R"({"a/b~c":1})");
}
