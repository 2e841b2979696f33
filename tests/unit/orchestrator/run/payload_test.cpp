#include "orchestrator/payload.hpp"

#include <doctest/doctest.h>

using skald::payload_reader;

TEST_CASE("values are cut as they stand, text and all; null and absent are nothing") {
  payload_reader p;
  REQUIRE(p.read(R"( {"a" : 12 , "s":"x\"y\u00e9" , "o":{"b":[1, 2] } ,"n":null,"t":true } )") ==
          "");
  CHECK(p.cut("/a") == "12");
  CHECK(p.cut("/s") == R"("x\"y\u00e9")");
  CHECK(p.cut("/o") == R"({"b":[1, 2] })");
  CHECK(p.cut("/o/b") == "[1, 2]");
  CHECK(p.cut("/o/b/1") == "2");
  CHECK(p.cut("/t") == "true");
  CHECK_FALSE(p.cut("/n"));
  CHECK_FALSE(p.cut("/missing"));
  CHECK_FALSE(p.cut("/a/b"));
  CHECK(p.cut("/a") == "12");  // any order, any number of times
}

TEST_CASE("a word is a string's own characters or an integer's shortest decimal") {
  payload_reader p;
  REQUIRE(p.read(R"({"s":"o-\u0031","i":42,"m":-0,"f":1.0,"e":1e3,"b":true,"o":{}})") == "");
  CHECK(p.word("/s") == "o-1");
  CHECK(p.word("/i") == "42");
  CHECK(p.word("/m") == "0");
  for (auto other : {"/f", "/e", "/b", "/o", "/none"}) CHECK_FALSE(p.word(other));
}

TEST_CASE("poison is refused with its reason, and the reader goes on") {
  payload_reader p;
  CHECK(p.read("") == "there is no data");
  CHECK(p.read("{\"a\":") == "the data is not JSON");
  CHECK(p.read("{} {}") == "the data is not JSON");
  CHECK(p.read("\"\xff\"") == "the data is not UTF-8");
  CHECK(p.read(std::string("{\"a\":\"\0\"}", 9)) == "the data is not JSON");
  CHECK(p.read("{\"a\":123456789012345678901234567890}") ==
        "the data has a number that does not fit 64 bits");
  CHECK(p.read(std::string(65, '[') + std::string(65, ']')) ==
        "the data is nested more than 64 deep");
  CHECK(p.read(std::string(10'000, '[') + std::string(10'000, ']')) ==
        "the data is nested more than 64 deep");
  CHECK(p.read(std::string(skald::max_payload_bytes + 1, ' ')) == "the data is larger than 1 MiB");
  CHECK(p.read("[1]") == "");
  CHECK_FALSE(p.cut("/a"));
}

TEST_CASE("a business key is short plain text") {
  CHECK(skald::is_business_key("o-1"));
  CHECK(skald::is_business_key("caf\xc3\xa9"));
  CHECK(skald::is_business_key(std::string(512, 'k')));
  CHECK_FALSE(skald::is_business_key(""));
  CHECK_FALSE(skald::is_business_key(std::string(513, 'k')));
  CHECK_FALSE(skald::is_business_key(std::string_view("a\0b", 3)));
  CHECK_FALSE(skald::is_business_key("a\nb"));
  CHECK_FALSE(skald::is_business_key("\xff"));
}
