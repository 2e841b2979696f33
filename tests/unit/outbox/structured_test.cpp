#include "outbox/structured.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace skald;

TEST_CASE("a structured event reads like a binary one") {
  wire::structured_reader reader;
  std::string_view data;
  auto p = reader.read(R"( {"specversion":"1.0","id":"r-1","source":"/inventory",
      "type":"vending.ItemReserved.v1","sagakind":"reply","correlationid":"a","partitionkey":"o",
      "causationid":"a/reserve/do/0","sagaoutcome":"retry","sagaretryafter": 250 ,
      "sagatoken":"1.x","traceparent":"00-1","subject":null,"time":"2026-01-01T00:00:00Z",
      "data":{"slot": "B\"4", "n":[1, 2]} } )",
                       data);
  REQUIRE(p.problem == "");
  CHECK(p.envelope.kind == wire::kind::reply);
  CHECK(p.envelope.retry_after_ms == 250);
  CHECK(p.envelope.traceparent == "00-1");
  CHECK(data == R"({"slot": "B\"4", "n":[1, 2]})");
}

TEST_CASE("attributes are unescaped, base64 data is decoded, absent data is an empty object") {
  wire::structured_reader reader;
  std::string_view data;
  auto p = reader.read(
      R"({"specversion":"1.0","id":"\u00e9/1","source":"s","type":"t",
          "data_base64":"eyJhIjoxfQ=="})",
      data);
  REQUIRE(p.problem == "");
  CHECK(p.envelope.id == "é/1");
  CHECK(data == R"({"a":1})");
  p = reader.read(R"({"specversion":"1.0","id":"1","source":"s","type":"t"})", data);
  REQUIRE(p.problem == "");
  CHECK(data == "{}");
}

TEST_CASE("what is not an event is a problem") {
  wire::structured_reader reader;
  std::string_view data;
  for (auto bad :
       {"", "null", "[]", "{", "nonsense", R"({"specversion":"1.0"} x)", R"({"specversion":1.0)",
        R"({"specversion":"1.0","specversion":"1.0","id":"1","source":"s","type":"t"})",
        R"({"specversion":"1.0","id":{"a":1},"source":"s","type":"t"})",
        R"({"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"%"})",
        R"({"specversion":"1.0","id":"a\u0000b","source":"s","type":"t"})"}) {
    CAPTURE(bad);
    CHECK(reader.read(bad, data).problem != "");
  }
  std::string deep(100'000, '[');
  CHECK(reader.read(R"({"specversion":"1.0","data":)" + deep, data).problem != "");
}

TEST_CASE("any bytes are survived") {
  wire::structured_reader reader;
  std::mt19937 random(11);
  const std::string good =
      R"({"specversion":"1.0","id":"1","source":"s","type":"t","data":{"a":[1,"x",null]}})";
  std::string_view data;
  CHECK(reader.read(good, data).problem == "");
  for (int round = 0; round < 20'000; ++round) {
    auto text = good;
    for (auto n = random() % 4 + 1; n > 0; --n)
      text[random() % text.size()] = static_cast<char>(random());
    if (random() % 4 == 0) text.resize(random() % text.size());
    auto p = reader.read(text, data);
    if (p.problem.empty()) CHECK(data.size() <= text.size());
  }
}

TEST_CASE("the content type tells the mode") {
  using wire::header;
  std::vector<header> structured{{"x", "y"}, {"content-type", "application/cloudevents+json"}};
  std::vector<header> binary{{"content-type", "application/json"}};
  CHECK(wire::is_structured(structured));
  CHECK_FALSE(wire::is_structured(binary));
  CHECK_FALSE(wire::is_structured({}));
}
