#include "sagas/guard.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "skald/saga.hpp"

using namespace skald;

namespace {
enum class colour { red, green };
struct Order {
  std::string note;
  long cents;
  int slot;
  bool vip;
  ::colour colour;
};
}  // namespace
template <>
inline constexpr string_view skald::wire_name<Order> = "test.Order.v1";

namespace {
struct values {
  std::map<std::string, std::string> at;  // "/cents" -> raw JSON
  string_view operator()(const place& p) const {
    const auto found = at.find(std::string(p.field));
    return found == at.end() ? string_view() : string_view(found->second);
  }
};
bool holds_for(const guard& g, std::map<std::string, std::string> at) {
  return holds(g, values{std::move(at)});
}
}  // namespace

TEST_CASE("an empty guard holds") {
  CHECK(holds_for({}, {}));
}

TEST_CASE("integers compare as 64-bit integers") {
  constexpr guard more = field < &Order::cents >> 100;
  CHECK(holds_for(more, {{"/cents", "101"}}));
  CHECK_FALSE(holds_for(more, {{"/cents", "100"}}));
  CHECK_FALSE(holds_for(more, {{"/cents", "-9223372036854775808"}}));
  CHECK(holds_for(more, {{"/cents", "9223372036854775807"}}));
  CHECK_FALSE(holds_for(more, {{"/cents", "9223372036854775808"}}));  // no 64-bit integer
  CHECK_FALSE(holds_for(more, {{"/cents", "101.0"}}));
  CHECK_FALSE(holds_for(more, {{"/cents", "1e9"}}));
  CHECK_FALSE(holds_for(more, {{"/cents", "\"101\""}}));
  constexpr guard at_most = field<&Order::cents> <= 100;
  CHECK(holds_for(at_most, {{"/cents", "100"}}));
  CHECK_FALSE(holds_for(at_most, {{"/cents", "101"}}));
  constexpr guard less = field<&Order::cents> < 100;
  CHECK_FALSE(holds_for(less, {{"/cents", "100"}}));
  CHECK(holds_for(less, {{"/cents", "99"}}));
  constexpr guard at_least = field<&Order::cents> >= 100;
  CHECK(holds_for(at_least, {{"/cents", "100"}}));
  CHECK_FALSE(holds_for(at_least, {{"/cents", "99"}}));
}

TEST_CASE("a missing value makes its comparison false, whichever it is") {
  constexpr guard same = field<&Order::cents> == 1;
  constexpr guard other = field<&Order::cents> != 1;
  for (auto raw : {"", "null", "{}", "[1]", "\"", "tru", "-", "1 "}) {
    CAPTURE(raw);
    CHECK_FALSE(holds_for(same, {{"/cents", raw}}));
    CHECK_FALSE(holds_for(other, {{"/cents", raw}}));
  }
  CHECK_FALSE(holds_for(same, {}));
  CHECK_FALSE(holds_for(other, {}));
  constexpr guard negated = !(field<&Order::cents> == 1);
  CHECK(holds_for(negated, {}));
}

TEST_CASE("texts compare unescaped") {
  constexpr guard g = field<&Order::note> == "a/\"\u00fc\U0001F600\n";
  CHECK(holds_for(g, {{"/note", "\"a/\\\"\u00fc\U0001F600\\n\""}}));
  CHECK(holds_for(g, {{"/note", R"("\u0061\/\"\u00FC\ud83d\ude00\n")"}}));
  CHECK_FALSE(holds_for(g, {{"/note", "\"a\""}}));
  constexpr guard replaced = field<&Order::note> == "\uFFFD";
  CHECK(holds_for(replaced, {{"/note", R"("\ud83d")"}}));
  constexpr guard not_empty = field<&Order::note> != "";
  CHECK(holds_for(not_empty, {{"/note", "\"x\""}}));
  CHECK_FALSE(holds_for(not_empty, {{"/note", "\"\""}}));
}

TEST_CASE("booleans and enumerations") {
  constexpr guard vip = field<&Order::vip>;
  CHECK(holds_for(vip, {{"/vip", "true"}}));
  CHECK_FALSE(holds_for(vip, {{"/vip", "false"}}));
  CHECK_FALSE(holds_for(vip, {{"/vip", "1"}}));
  constexpr guard green = field<&Order::colour> == colour::green;
  CHECK(holds_for(green, {{"/colour", "\"green\""}}));
  CHECK_FALSE(holds_for(green, {{"/colour", "\"red\""}}));
  CHECK_FALSE(holds_for(green, {{"/colour", "1"}}));
}

TEST_CASE("and, or, not, and two fields") {
  constexpr guard g = (field < &Order::cents >> 10 && field<&Order::slot> < 3) ||
                      !(field<&Order::vip> == false || field<&Order::note> == "no");
  CHECK(holds_for(g, {{"/cents", "11"}, {"/slot", "2"}, {"/vip", "false"}}));
  CHECK_FALSE(holds_for(g, {{"/cents", "11"}, {"/slot", "3"}, {"/vip", "false"}}));
  CHECK(holds_for(g, {{"/cents", "1"}, {"/slot", "3"}, {"/vip", "true"}, {"/note", "\"yes\""}}));
  CHECK_FALSE(holds_for(g, {{"/cents", "1"}, {"/vip", "true"}, {"/note", "\"no\""}}));
  constexpr guard two = field<&Order::cents> >= field<&Order::slot>;
  CHECK(holds_for(two, {{"/cents", "3"}, {"/slot", "3"}}));
  CHECK_FALSE(holds_for(two, {{"/cents", "2"}, {"/slot", "3"}}));
}
