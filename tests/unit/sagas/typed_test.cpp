#include "skald/typed.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "skald/saga.hpp"

namespace test {
enum class colour { red, green };
struct Part {
  std::string code;
  std::optional<int> weight;
};
struct Ordered {
  std::string id;
  Part part;
  std::vector<Part> parts;
  test::colour colour;
  std::optional<std::string> note;
  bool vip;
};
struct Make {
  std::string id, code;
  std::vector<Part> parts;
  test::colour colour;
  std::optional<std::string> note;
  std::optional<int> weight;
  std::uint8_t amount;
  bool urgent;
};
struct Old {};
}  // namespace test
template <>
inline constexpr skald::string_view skald::wire_name<test::Old> = "legacy.OldThing.v7";

using namespace skald;
using namespace test;

TEST_CASE("a command's fields become places and values") {
  constexpr command c = send<Make>(
      "factory", copy<&Make::id, &Ordered::id>,
      copy<&Make::code, path<&Ordered::part, &Part::code>>, copy<&Make::parts, &Ordered::parts>,
      set<&Make::colour>(colour::green), copy<&Make::note, &Ordered::note>,
      copy<&Make::weight, path<&Ordered::part, &Part::weight>>, set<&Make::amount>(255),
      set<&Make::urgent>(true));
  CHECK(c.type == "test.Make.v1");
  CHECK(c.participant == "factory");
  REQUIRE(c.fields.size() == 8);
  CHECK(c.fields[0].to == "/id");
  CHECK(c.fields[0].from == place{"test.Ordered.v1", "/id"});
  CHECK(c.fields[0].fixed.kind == value::type::none);
  CHECK_FALSE(c.fields[0].optional);
  CHECK(c.fields[1].from == place{"test.Ordered.v1", "/part/code"});
  CHECK(c.fields[3].fixed.words == "green");
  CHECK(c.fields[4].optional);
  CHECK(c.fields[5].from.field == "/part/weight");
  CHECK(c.fields[5].optional);
  CHECK(c.fields[6].fixed.number == 255);
  CHECK(c.fields[7].fixed.kind == value::type::boolean);
}

TEST_CASE("optional fields of a command may be left out") {
  constexpr command c =
      send<Make>("factory", copy<&Make::id, &Ordered::id>, set<&Make::code>("x"),
                 copy<&Make::parts, &Ordered::parts>, set<&Make::colour>(colour::red),
                 set<&Make::amount>(1), set<&Make::urgent>(false));
  CHECK(c.fields.size() == 6);
}

TEST_CASE("guards are postfix; a bare boolean field is a condition") {
  constexpr guard g = field<&Ordered::vip> && !(field<&Ordered::colour> == colour::red);
  REQUIRE(g.tokens.size() == 8);
  CHECK(g.tokens[0].at.field == "/vip");
  CHECK(g.tokens[1].fixed.kind == value::type::boolean);
  CHECK(g.tokens[2].what == token::op::eq);
  CHECK(g.tokens[4].fixed.words == "red");
  CHECK(g.tokens[6].what == token::op::negate);
  CHECK(g.tokens[7].what == token::op::both);
}

TEST_CASE("names that differ from the C++ ones") {
  CHECK(reply<Old> == "legacy.OldThing.v7");
  CHECK(reply<> == no_data);
}

TEST_CASE("stages number the steps, and an await's end is its event") {
  constexpr step a = {.name = "a"}, b = {.name = "b"}, c = {.name = "c"};
  constexpr step d = {.name = "d",
                      .await = await<&Ordered::id>({.topic = "x", .unclaimed = unclaimed::undo})};
  constexpr stages all = {a, together(b, c), d};
  REQUIRE(all.size() == 4);
  CHECK(all[0].stage == 0);
  CHECK(all[1].stage == 1);
  CHECK(all[2].stage == 1);
  CHECK(all[3].stage == 2);
  CHECK(all[3].done == "test.Ordered.v1");
  CHECK(all[3].await.correlate == "/id");
}

TEST_CASE("what starts a saga") {
  constexpr trigger own = on<&Ordered::id>;
  CHECK(own.topic.empty());
  constexpr trigger foreign = on<&Ordered::id>.from("shop.events", field<&Ordered::vip> == true);
  CHECK(foreign.event == "test.Ordered.v1");
  CHECK(foreign.key == "/id");
  CHECK(foreign.topic == "shop.events");
  CHECK(foreign.only.tokens.size() == 3);
}
