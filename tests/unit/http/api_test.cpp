// The API without its services: its routes against its document, who may call what, what a request
// may ask. Every service is away here.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/face.hpp"
#include "orchestrator/api/keys.hpp"
#include "orchestrator/api/patience.hpp"
#include "orchestrator/api/saga_event_tail.hpp"

using namespace skald;
using namespace skald::api;
using http::role;

namespace {
struct lonely_backend {
  api::databases databases{"postgresql://127.0.0.1:1/none"};
  active_definitions active;
  http::stream_hub events;
  books_desk books{[]() -> std::unique_ptr<skald::books> { throw log_error("Kafka is away."); }};
  settings service;
  api::backend back{
      service,
      databases,
      active,
      events,
      books,
      std::chrono::milliseconds(10),
      [](requests::record) -> acknowledgement { throw http::unavailable("Kafka is away."); },
      []() -> std::unique_ptr<log_admin> { throw log_error("Kafka is away."); },
      [] { return std::string("skald_up 1\n"); },
      [] {
        return std::vector<check>{{"workers", false}};
      },
      [] { return true; }};
  http::router routes;
  lonely_backend() { add_routes(routes, back); }
};

request request_for(const http::route& r, role who) {
  request q;
  q.method = r.method;
  for (std::size_t i = 0; i < r.pattern.size(); ++i)
    if (r.pattern[i] == '{') {
      q.path +=
          r.pattern.compare(i, 5, "{vers") == 0 || r.pattern.compare(i, 4, "{no}") == 0 ? "1" : "x";
      i = r.pattern.find('}', i);
    } else {
      q.path += r.pattern[i];
    }
  q.principal = {"somebody", who};
  q.headers = {{"content-type", "application/json"}, {"if-match", "*"}};
  q.body = R"({"reason":"r"})";
  return q;
}

response finally(response r) {
  for (int turns = 0; r.again && turns < 10; ++turns) r = r.again();
  return r;
}

nlohmann::json document() {
  std::ifstream file(std::string(SKALD_SOURCE_FOLDER) + "/docs/openapi.json");
  return nlohmann::json::parse(file);
}

template <class Ask>
response refused(Ask ask) {
  try {
    ask();
  } catch (const http::refusal& r) {
    return r.answer;
  }
  return {};
}
}  // namespace

TEST_CASE("every route is in the document with its role, and the other way round") {
  lonely_backend b;
  const auto doc = document();
  std::set<std::string> served, written;
  for (const auto& r : b.routes.routes())
    served.insert(r.method + " " + r.pattern + " " + std::string(name(r.least)));
  for (const auto& [path, methods] : doc["paths"].items())
    for (const auto& [method, operation] : methods.items()) {
      std::string upper;
      for (const char c : method) upper += static_cast<char>(c - 32);
      written.insert(upper + " " + path + " " + operation["x-role"].get<std::string>());
    }
  CHECK(served == written);
  // Events have no schema there: a stream of them is no string.
  const auto& stream = doc["paths"]["/v1/events"]["get"]["responses"]["200"]["content"];
  REQUIRE(stream.contains("text/event-stream"));
  CHECK_FALSE(stream["text/event-stream"].contains("schema"));
  request q;
  q.method = "GET";
  q.path = "/v1/openapi.json";
  CHECK(nlohmann::json::parse(b.routes.answer(q).body) == doc);
}

TEST_CASE("no route lets a wrong role through; with the right one nothing is a 500") {
  lonely_backend b;
  for (const auto& r : b.routes.routes())
    for (const auto who : {role::anyone, role::viewer, role::operator_, role::admin}) {
      CAPTURE(r.method);
      CAPTURE(r.pattern);
      CAPTURE(static_cast<int>(who));
      auto q = request_for(r, who);
      const auto answer = finally(b.routes.answer(q));
      if (who < r.least) {
        CHECK(answer.status == (who == role::anyone ? 401u : 403u));
      } else {
        CHECK(answer.status != 401);
        CHECK(answer.status != 403);
        CHECK(answer.status != 500);
        const bool away = answer.status == 503 || answer.status == 422 || answer.status == 200;
        CHECK(away);
      }
    }
}

TEST_CASE("what is misspelt or out of bounds is refused with its place") {
  request q;
  q.query = {{"stat", "stuck"}};
  auto r = refused([&] { query(q, {"state"}); });
  CHECK(r.status == 400);
  CHECK(r.body.find(R"("pointer":"?stat")") != std::string::npos);
  q.query = {{"limit", "0"}, {"word", "x"}, {"n", "-1"}, {"wait", "soon"}, {"text", "a\nb"}};
  const query asked(q, {"limit", "word", "n", "wait", "text"});
  CHECK(refused([&] { asked.count("limit", 1, 10); }).status == 400);
  CHECK(refused([&] { (void)asked.word("word", {"y"}); }).status == 400);
  CHECK(refused([&] { (void)asked.number("n"); }).status == 400);
  CHECK(refused([&] { (void)asked.time("wait", milliseconds(1)); }).status == 400);
  CHECK(refused([&] { (void)asked.text("text"); }).status == 400);
  CHECK(asked.count("absent", 7, 10) == 7);
}

TEST_CASE("a body is one bounded JSON object; all its mistakes are told at once") {
  request q;
  q.body = "{}";
  CHECK(refused([&] { fields(q, {}); }).status == 415);
  q.headers = {{"content-type", "Application/JSON; charset=utf-8"}};
  for (const std::string bad : {"", "[]", "{", "\xff", "1"}) {
    q.body = bad;
    CHECK(refused([&] { fields(q, {}); }).status == 400);
  }
  q.body = "{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}";
  CHECK(refused([&] { fields(q, {"a"}); }).status == 400);
  q.body = R"({"a/b":1,"text":"","word":"z","flag":1,"input":{"n": 1.50}})";
  fields body(q, {"text", "word", "flag", "input", "missing"});
  body.text("text", 10);
  body.word("word", {"y"});
  body.flag("flag");
  body.text("missing", 10);
  CHECK(body.raw("input") == R"({"n": 1.50})");
  const auto r = refused([&] { body.judge(); });
  CHECK(r.status == 422);
  const auto told = nlohmann::json::parse(r.body)["errors"];
  REQUIRE(told.size() == 5);
  CHECK(told[0]["pointer"] == "/a~1b");
}

TEST_CASE("If-Match and ETag") {
  request q;
  CHECK_FALSE(if_match(q));
  q.headers["if-match"] = "*";
  CHECK(if_match(q) == any_sequence);
  q.headers["if-match"] = etag(7);
  CHECK(if_match(q) == 7);
  for (const auto* bad : {"W/\"7\"", "\"x\"", "\"7", "\"-7\""}) {
    q.headers["if-match"] = bad;
    CHECK(refused([&] { (void)if_match(q); }).status == 412);
  }
}

TEST_CASE("a key is known by its hash alone") {
  const keyring keys(
      {{hash_of_key("one"), {"ann", role::viewer}}, {hash_of_key("two"), {"bob", role::admin}}});
  CHECK(keys.owner("one").name == "ann");
  CHECK(keys.owner("two").role == role::admin);
  for (const auto& bad :
       {std::string(), std::string("three"), hash_of_key("one"), std::string(10'000, 'x')})
    CHECK(keys.owner(bad).role == role::anyone);
  for (const auto r : {role::viewer, role::operator_, role::admin}) CHECK(role_named(name(r)) == r);
  CHECK_FALSE(role_named("anyone"));
}

TEST_CASE("an address and a port, and whether others can reach it") {
  CHECK(parse_endpoint("127.0.0.1:8080")->loopback);
  CHECK(parse_endpoint("localhost:1")->address == "127.0.0.1");
  CHECK(parse_endpoint("[::1]:8080")->loopback);
  CHECK(parse_endpoint("0.0.0.0:80")->port == 80);
  CHECK_FALSE(parse_endpoint("[::]:8443")->loopback);
  for (const auto* bad : {"", "8080", ":8080", "a:b", "1.2.3.4:", "1.2.3.4:70000", "::1:80"})
    CHECK_FALSE(parse_endpoint(bad));
}

TEST_CASE("without keys only loopback can be served") {
  face_settings s;
  s.without_keys = true;
  s.server.address = "0.0.0.0";
  CHECK_THROWS_WITH(face(s, {}),
                    "Without keys only a loopback address can be served, not 0.0.0.0.");
}

TEST_CASE("a record of the topic of saga events, as clients see it") {
  const std::vector<wire::header> headers = {{"ce_type", "skald.saga.completed.v1"},
                                             {"ce_correlationid", "id"},
                                             {"ce_sagatype", "vending"}};
  wire::record r{.topic = "t", .partition = 2, .offset = 9, .value = "{}", .has_value = true};
  r.headers = headers;
  const auto e = to_live_event(r);
  REQUIRE(e);
  CHECK(e->type == "completed");
  CHECK(e->saga == "id");
  CHECK(e->partition == 2);
  r.value = "{}\n\nevent: forged";
  CHECK_FALSE(to_live_event(r));
  r.headers = {};
  CHECK_FALSE(to_live_event(r));
}
