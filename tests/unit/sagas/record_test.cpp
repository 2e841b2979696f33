#include "skald/record.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace shop {
enum class colour { red, green = 3 };
struct Address {
  std::string zip;
  std::optional<int> number;
};
struct Order {
  std::string id;
  std::optional<std::string> note;
  Address to;
  std::optional<Address> bill_to;
  std::vector<Address> others;
  colour paint;
  bool vip;
  double weight;
  std::int64_t cents;
  std::uint8_t slot;
  int class_;
};
struct Small {
  std::uint64_t big;
  std::int8_t tiny;
};
struct Empty {};
struct Sixteen {
  int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
};
struct Money {  // not an aggregate
  explicit Money(long n = 0) : cents(n) {}
  long cents;
};
struct Bill {
  Money total;
};
}  // namespace shop

template <>
inline constexpr std::array skald::renamed<shop::Order> = {skald::renaming{"class_", "class/~"}};
template <>
struct skald::json_as<shop::Money> {
  static void write(std::string& out, const shop::Money& m) {
    out += '"' + std::to_string(m.cents) + '"';
  }
  static bool read(json_reader& r, shop::Money& m) {
    std::string words;
    if (!r.read(words)) return false;
    if (words.find_first_not_of("0123456789") != words.npos || words.empty())
      return r.fail("an amount was expected here");
    m = shop::Money(std::stol(words));
    return true;
  }
};

using namespace skald;
using namespace shop;

namespace {
template <class T>
std::string mistake_in(std::string_view text) {
  json_mistake wrong;
  CHECK_FALSE(read_json<T>(text, wrong).has_value());
  return wrong.text();
}
const Order order{"o\"\\\n\x01\xc3\xbc\xf0\x9f\x98\x80",
                  std::nullopt,
                  {"z", 3},
                  Address{"q", std::nullopt},
                  {{"a", {}}, {"b", 1}},
                  colour::green,
                  true,
                  0.1,
                  -7,
                  200,
                  5};
}  // namespace

TEST_CASE("names come from the compiler") {
  CHECK(wire_name<Order> == "shop.Order.v1");
  CHECK(pointer<&Order::cents> == "/cents");
  CHECK(pointer<&Order::class_> == "/class~1~0");
  CHECK(pointer<path<&Order::bill_to, &Address::zip>> == "/bill_to/zip");
  CHECK(may_be_absent<path<&Order::bill_to, &Address::zip>>);
  CHECK_FALSE(may_be_absent<path<&Order::to, &Address::zip>>);
  CHECK(field_count<Order> == 11);
  CHECK(field_count<Empty> == 0);
  CHECK(field_count<Sixteen> == 16);
  CHECK(field_names<Sixteen>[15] == "p");
  CHECK(field_names<Order>[3] == "bill_to");
  CHECK(optional_fields<Order>[3]);
  CHECK(enumerator_names<colour>[3] == "green");
  CHECK(enumerator_names<colour>[1].empty());
}

TEST_CASE("a record in JSON, and back") {
  const std::string text = to_json(order);
  CHECK(
      text ==
      "{\"id\":\"o\\\"\\\\\\n\\u0001\xc3\xbc\xf0\x9f\x98\x80\",\"to\":{\"zip\":\"z\",\"number\":3},"
      "\"bill_to\":{\"zip\":\"q\"},\"others\":[{\"zip\":\"a\"},{\"zip\":\"b\",\"number\":1}],"
      "\"paint\":\"green\",\"vip\":true,\"weight\":0.1,\"cents\":-7,\"slot\":200,\"class/~\":5}");
  const auto back = from_json<Order>(text);
  CHECK(to_json(back) == text);
  CHECK(back.id == order.id);
  CHECK(back.weight == 0.1);
  CHECK(to_json(Empty{}) == "{}");
  CHECK(to_json(from_json<Sixteen>(
            to_json(Sixteen{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}))) ==
        R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,)"
        R"("n":14,"o":15,"p":16})");
}

TEST_CASE("the edges of numbers") {
  const Small edge{std::numeric_limits<std::uint64_t>::max(), -128};
  CHECK(to_json(edge) == R"({"big":18446744073709551615,"tiny":-128})");
  const auto back = from_json<Small>(to_json(edge));
  CHECK(back.big == edge.big);
  CHECK(back.tiny == edge.tiny);
  CHECK(mistake_in<Small>(R"({"big":18446744073709551616,"tiny":0})") ==
        "/big: this integer does not fit into 64 bits");
  CHECK(mistake_in<Small>(R"({"big":-1,"tiny":0})") ==
        "/big: this integer does not fit into 64 bits");
  CHECK(mistake_in<Small>(R"({"big":1,"tiny":128})") ==
        "/tiny: this integer must lie between -128 and 127");
  CHECK(mistake_in<Small>(R"({"big":1.0,"tiny":0})") == "/big: an integer was expected here");
  CHECK(mistake_in<Small>(R"({"big":01,"tiny":0})") == "this is not JSON, at byte 8");
}

TEST_CASE("each mistake has its place") {
  CHECK(mistake_in<Order>("{}") == "/id: this member is missing");
  CHECK(mistake_in<Order>("[]") == "an object was expected here");
  CHECK(mistake_in<Order>("") == "an object was expected here");
  CHECK(mistake_in<Order>(R"({"id":3})") == "/id: a text was expected here");
  CHECK(mistake_in<Order>(R"({"id":null})") == "/id: a text was expected here");
  CHECK(mistake_in<Order>(R"({"id":"x","id":"y"})") == "/id: this member stands twice");
  CHECK(mistake_in<Order>(R"({"to":{"zip":[1]}})") == "/to/zip: a text was expected here");
  CHECK(mistake_in<Order>(R"({"to":{}})") == "/to/zip: this member is missing");
  CHECK(mistake_in<Order>(R"({"others":[{"zip":"1"},{"zip":2}]})") ==
        "/others/1/zip: a text was expected here");
  CHECK(mistake_in<Order>(R"({"others":{}})") == "/others: a list was expected here");
  CHECK(mistake_in<Order>(R"({"paint":"blue"})") ==
        "/paint: one of these was expected here: red green");
  CHECK(mistake_in<Order>(R"({"paint":""})") ==
        "/paint: one of these was expected here: red green");
  CHECK(mistake_in<Order>(R"({"vip":1})") == "/vip: true or false was expected here");
  CHECK(mistake_in<Order>(R"({"weight":"1"})") == "/weight: a number was expected here");
  CHECK(mistake_in<Order>(R"({"weight":1e999})") ==
        "/weight: this number does not fit into a double");
  CHECK(mistake_in<Order>(R"({"class/~":"x"})") == "/class~1~0: an integer was expected here");
  CHECK(mistake_in<Empty>("{} x") == "this is not JSON, at byte 3");
  CHECK(mistake_in<Empty>("{\"a\":" + std::string(40, '[')) == "/a: nested deeper than 32");
  CHECK(mistake_in<Empty>(std::string(max_record_bytes + 1, ' ')) ==
        "the text is longer than 1048576 bytes");
  CHECK_THROWS_WITH_AS(from_json<Order>("{}"), "/id: this member is missing", bad_json);
}

TEST_CASE("a sender may add members, in any order, and null is an empty optional") {
  const auto a = from_json<Address>(
      R"( { "new" : [ { "x" : [ ] , "y" : null } , -1.5e+3 , true ] , "number" : null ,)"
      R"( "zip" : "z" } )");
  CHECK(a.zip == "z");
  CHECK_FALSE(a.number.has_value());
}

TEST_CASE("another type through json_as") {
  CHECK(to_json(Bill{Money(150)}) == R"({"total":"150"})");
  CHECK(from_json<Bill>(R"({"total":"150"})").total.cents == 150);
  CHECK(mistake_in<Bill>(R"({"total":"1,50"})") == "/total: an amount was expected here");
}

TEST_CASE("what JSON cannot say is an error of the program") {
  CHECK_THROWS_AS(to_json(Address{"\xff", {}}), std::invalid_argument);
  CHECK_THROWS_AS(to_json(Address{"\xed\xa0\x80", {}}), std::invalid_argument);
  Order nameless = order;
  nameless.paint = static_cast<colour>(1);
  CHECK_THROWS_AS(to_json(nameless), std::invalid_argument);
  nameless = order;
  nameless.weight = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(to_json(nameless), std::invalid_argument);
}

// Every text with one byte changed is JSON for this reader exactly when it is for nlohmann's.
TEST_CASE("the reader agrees with another parser about what is JSON") {
  const std::string seeds[] = {
      to_json(order), R"({"a":[1,-0,0.5,1e3,-1.5E-2,true,false,null,"\u00e9\ud83d\ude00\/\b",{}]})",
      "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", [[]], {\"\":{\"x\":\"\"}}]"};
  std::mt19937 random(7);
  const std::string bytes =
      "\"\\{}[],:0123456789-+.eEtfnulrasd \n\x01\x7f\x80\xbf\xc3\xe2\xed\xf0\xf4\xff";
  int good = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text = seeds[i % 3];
    for (unsigned n = random() % 3; n-- > 0;) {
      const auto at = random() % text.size();
      const char byte = bytes[random() % bytes.size()];
      if (random() % 3 == 0)
        text.erase(at, 1);
      else if (random() % 2)
        text[at] = byte;
      else
        text.insert(at, 1, byte);
    }
    json_reader r(text);
    const bool ours = r.skip() && r.end();
    good += ours;
    CHECK_MESSAGE(ours == nlohmann::json::accept(text), text);
  }
  CHECK(good > 20'000);
}
