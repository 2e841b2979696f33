#include "outbox/header_text.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace skald;

TEST_CASE("headers are an object of strings, in their order, unescaped") {
  header_text reader;
  std::vector<wire::header> headers;
  REQUIRE(reader.read(R"({"b":"1", "a" : "\u00e9\n\"", "b":""})", headers));
  REQUIRE(headers.size() == 3);
  CHECK(headers[0].name == "b");
  CHECK(headers[1].value == "é\n\"");
  CHECK(headers[2].value == "");
  REQUIRE(reader.read("{}", headers));
  CHECK(headers.empty());
  CHECK(reader.read(" { } ", headers));
}

TEST_CASE("anything else is refused") {
  header_text reader;
  std::vector<wire::header> headers;
  for (auto bad : {"", "null", "[]", "{", R"({"a":1})", R"({"a":null})", R"({"a":{}})",
                   R"({"a":"b"} x)", R"({"a":"b")", R"({"a":"b",})", R"({a:"b"})", "\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(reader.read(bad, headers));
  }
  std::string many = "{";
  for (std::size_t i = 0; i <= wire::max_headers; ++i)
    many += (i ? ",\"h" : "\"h") + std::to_string(i) + "\":\"v\"";
  CHECK_FALSE(reader.read(many + "}", headers));
}

TEST_CASE("any bytes are survived") {
  header_text reader;
  std::vector<wire::header> headers;
  std::mt19937 random(13);
  const std::string good = R"({"ce_id":"1","ce_type":"a\"b","x":"é"})";
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto text = good;
    for (auto n = random() % 3 + 1; n > 0; --n)
      text[random() % text.size()] = static_cast<char>(random());
    refused += !reader.read(text, headers);
  }
  CHECK(refused > 1'000);
  CHECK(refused < 20'000);
}
