#include "outbox/frame.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace skald;
using wire::header;

TEST_CASE("frames come back as they went in") {
  std::string packed;
  std::vector<header> headers{{"ce_id", "1"}, {"empty", ""}};
  wire::append_frame(packed, "orders", "key", headers, std::string_view("v\0w", 3));
  wire::append_frame(packed, "t", "", {}, "");

  std::string_view rest = packed;
  wire::frame f;
  REQUIRE(wire::read_frame(rest, f));
  CHECK(f.topic == "orders");
  CHECK(f.key == "key");
  REQUIRE(f.headers.size() == 2);
  CHECK(f.headers[1].name == "empty");
  CHECK(f.value == std::string_view("v\0w", 3));
  REQUIRE(wire::read_frame(rest, f));
  CHECK(f.headers.empty());
  CHECK(f.value == "");
  CHECK(rest.empty());
  CHECK_FALSE(wire::read_frame(rest, f));
}

TEST_CASE("the layout is the documented one") {
  std::string packed;
  std::vector<header> headers{{"h", "v"}};
  wire::append_frame(packed, "t", "k", headers, "x");
  CHECK(packed == std::string("\1\0\0\0t\1\0\0\0k\1\0\0\0\1\0\0\0h\1\0\0\0v\1\0\0\0x", 29));
}

TEST_CASE("damaged bytes are noticed and read nowhere else") {
  std::string packed;
  std::vector<header> headers{{"ce_id", "1"}, {"ce_type", "t"}};
  wire::append_frame(packed, "orders", "key", headers, "value");
  wire::frame f;
  for (std::size_t n = 0; n < packed.size(); ++n) {
    std::string_view cut(packed.data(), n);
    auto before = cut;
    CHECK_FALSE(wire::read_frame(cut, f));
    CHECK(cut == before);
  }
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = packed;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    std::string_view rest = bytes;
    if (wire::read_frame(rest, f)) CHECK(f.value.end() <= bytes.data() + bytes.size());
  }
}
