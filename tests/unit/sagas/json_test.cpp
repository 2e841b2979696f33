#include "sagas/json.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/reference/all.hpp"

using namespace skald;

namespace {
std::string file(const std::string& name) {
  std::ifstream in(std::string(SKALD_SOURCE_DIR) + "/" + name);
  REQUIRE_MESSAGE(in.good(), name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}
std::string golden(string_view name) {
  return file("tests/golden/definition/" + std::string(name) + ".json");
}
std::string complaints_of(const std::string& text) {
  std::string words;
  for (auto& c : read_definition(text).complaints) words += c.at + ": " + c.sentence + "\n";
  return words;
}
// The vending golden with one change, as a patch of RFC 6902.
std::string patched(const char* patch) {
  return nlohmann::json::parse(golden("vending")).patch(nlohmann::json::parse(patch)).dump();
}
}  // namespace

TEST_CASE("every definition is its golden file; a renamed struct shows here") {
  for (auto* d : reference::all) {
    CAPTURE(d->name);
    CHECK(to_readable_json(*d) == golden(d->name));
  }
}

TEST_CASE("to JSON and back loses nothing, and the hash is of the canonical text") {
  for (auto* d : reference::all) {
    CAPTURE(d->name);
    const auto back = load_definition(to_json(*d));
    CHECK(back.json() == to_json(*d));
    CHECK(back.hash() == hash_of(*d));
    CHECK(load_definition(to_readable_json(*d)).hash() == back.hash());
    CHECK(to_json(*back) == to_json(*d));
  }
}

TEST_CASE("the hash is SHA-256") {
  CHECK(hash_of(vending::vending_saga).size() == 64);
  CHECK(hash_of(vending::vending_saga) != hash_of(vending::self_pay_saga));
  CHECK(hash_of(vending::vending_saga) ==
        "a65eda4d391521185da725f2e939566ac5f16eb3c7ef0605b1085bf73f66184b");
}

TEST_CASE("a definition written by hand is the one written in C++") {
  const auto hand = load_definition(file("tests/golden/hand_written_vending.json"));
  CHECK(hand.hash() == hash_of(vending::vending_saga));
  CHECK(hand->steps[1].when.tokens.size() == 3);
  CHECK(hand->steps[2].kind() == kind::pivot);
}

TEST_CASE("a stored definition's texts live as long as any copy of it") {
  std::optional<stored_definition> copy;
  {
    auto loaded = load_definition(to_json(travel::saga));
    copy = std::move(loaded);
  }
  const stored_definition second = *copy;
  copy.reset();
  CHECK(second->name == "travel");
  CHECK(second->steps[3].name == "send_tickets");
  CHECK(second->steps[3].stage == 2);
  CHECK(second->steps[1].stage == second->steps[0].stage);
}

TEST_CASE("text that is no JSON, or too much of it") {
  CHECK(complaints_of("").starts_with(": this is not JSON, at byte 1"));
  CHECK(complaints_of("{\"skald\": 1,").starts_with("/skald: this is not JSON, at byte 13"));
  CHECK(complaints_of("[]") == ": an object was expected here\n");
  CHECK(complaints_of("null") == ": an object was expected here\n");
  CHECK(complaints_of(std::string(max_definition_bytes + 1, ' ')) ==
        ": the definition has 262145 bytes; at most 262144 are allowed\n");
  CHECK(complaints_of(std::string(100'000, '[')).ends_with(": nested deeper than 32\n"));
  CHECK(complaints_of("{\"a\":[{\"b~/\":1,\"b~/\":2}]}") ==
        "/a/0/b~0~1: the member \"b~/\" stands twice in one object\n");
  CHECK(complaints_of("{\"saga\":\"\xff\"}").find("this is not JSON") != std::string::npos);
}

TEST_CASE("each mistake has its place and its sentence") {
  const auto says = [](const char* patch, const char* words) {
    CAPTURE(patch);
    CHECK(complaints_of(patched(patch)) == words + std::string("\n"));
  };
  says(R"([{"op": "replace", "path": "/skald", "value": 2}])",
       "/skald: the definition's format is 2; this skald reads format 1");
  says(R"([{"op": "remove", "path": "/saga"}])", "/saga: this member is missing");
  says(R"([{"op": "replace", "path": "/saga", "value": 7}])", "/saga: a text was expected here");
  says(R"([{"op": "replace", "path": "/saga", "value": "Vending!"}])",
       "/saga: the saga's name must match [a-z][a-z0-9_-]{0,62}");
  says(R"([{"op": "replace", "path": "/version", "value": 0}])",
       "/version: the saga's version must be 1 or more");
  says(R"([{"op": "replace", "path": "/version", "value": 1e3}])",
       "/version: an integer between 0 and 1000000000 was expected here");
  says(R"([{"op": "add", "path": "/parking_ms", "value": 99999999999999}])",
       "/parking_ms: milliseconds were expected here, an integer from 0 to 400 days");
  says(R"([{"op": "add", "path": "/parallel_undo", "value": "yes"}])",
       "/parallel_undo: true or false was expected here");
  says(R"([{"op": "add", "path": "/publish", "value": "all"}])",
       "/publish: one of these was expected here: \"outcome\", \"steps\"");
  says(R"([{"op": "move", "from": "/steps/0/within_ms", "path": "/steps/0/whithin_ms"}])",
       "/steps/0/whithin_ms: this member is not known; known here are: step, send, await, done, "
       "failed, occurrence, when, within_ms, retry, fence, undo, undo_retry, surplus, no_fence, "
       "not_idempotent");
  says(
      R"([{"op": "remove", "path": "/steps/0/within_ms"}])",
      "/steps/0/within_ms: step \"reserve\": has no time limit; say how long it may take (within)");
  says(R"([{"op": "remove", "path": "/steps/1/undo"}])",
       "/steps/1/undo: step \"charge\": has no undo; say send<...>(...), harmless, irreversible "
       "or retriable");
  says(R"([{"op": "replace", "path": "/steps/0/step", "value": "charge"}])",
       "/steps/1/step: step \"charge\": has the name of another step");
  says(
      R"([{"op": "replace", "path": "/steps/1/when", "value": {"xor": [1, 2]}}])",
      "/steps/1/when: a condition was expected here: an object with one of \"eq\", \"ne\", \"lt\", "
      "\"le\", \"gt\", \"ge\", \"and\", \"or\", \"not\"");
  says(R"([{"op": "replace", "path": "/steps/1/when/gt/1", "value": 1.5}])",
       "/steps/1/when/gt/1: a text, an integer of 64 bits, true or false was expected here");
  says(R"([{"op": "replace", "path": "/steps/1/when/gt/0/event", "value": "x.Y.v1"}])",
       "/steps/1/when: step \"charge\": reads an event that is no part of this saga");
  says(R"([{"op": "replace", "path": "/steps/1/send/fields/0/event",
            "value": "vending.DrinkDispensed.v1"}])",
       "/steps/1/send/fields/0/event: step \"charge\": reads an event that has not happened yet");
  says(R"([{"op": "add", "path": "/steps/1/send/fields/2/event", "value": "x"}])",
       "/steps/1/send/fields/2: a field is filled either from an event or with a value, not both");
  says(R"([{"op": "replace", "path": "/steps/1/send/fields/1/to", "value": "/order_id"}])",
       "/steps/1/send/fields/1/to: step \"charge\": a command's field is filled twice");
  says(R"([{"op": "replace", "path": "/steps/0/send/participant", "value": "Inventory"}])",
       "/steps/0/send/participant: step \"reserve\": a participant's name must match "
       "[a-z][a-z0-9_-]{0,62}");
  says(R"([{"op": "remove", "path": "/steps/0/undo/fields/1/optional"}])",
       "/steps/0/undo/fields/1/event: step \"reserve\": its undo needs the event of its own step, "
       "which may never have arrived; make that field of the command optional");
  says(R"([{"op": "replace", "path": "/steps/0", "value": {"together": []}}])",
       "/steps/0/together: a list of 2 to 8 steps was expected here");
}

TEST_CASE("too many steps, fields, replies and tokens are complaints, not crashes") {
  auto j = nlohmann::json::parse(golden("vending"));
  for (int i = 0; i < 20; ++i) j["steps"].push_back(j["steps"][0]);
  CHECK(complaints_of(j.dump()).find("/steps/16: a saga has at most 16 steps") !=
        std::string::npos);

  j = nlohmann::json::parse(golden("vending"));
  for (int i = 0; i < 20; ++i) j["steps"][0]["send"]["fields"].push_back({});
  CHECK(complaints_of(j.dump()).starts_with("/steps/0/send/fields: a list of at most 16 fields"));

  j = nlohmann::json::parse(golden("vending"));
  for (int i = 0; i < 9; ++i) j["steps"][0]["failed"].push_back("x.Y.v1");
  CHECK(complaints_of(j.dump()).starts_with("/steps/0/failed: a list of at most 6 events"));

  j = nlohmann::json::parse(golden("vending"));
  const auto one = j["steps"][1]["when"];
  for (int i = 0; i < 8; ++i) {
    const auto both = nlohmann::json{{"and", {j["steps"][1]["when"], one}}};
    j["steps"][1]["when"] = both;
  }
  CHECK(complaints_of(j.dump()).find("a guard has at most 24 fields, values and operators") !=
        std::string::npos);
  CHECK(read_definition(j.dump()).complaints.size() <= max_complaints);
}

TEST_CASE("load_definition throws all the complaints") {
  CHECK_THROWS_AS(load_definition("{}"), bad_definition);
  try {
    load_definition(patched(R"([{"op": "remove", "path": "/steps/1/undo"},
                                {"op": "remove", "path": "/steps/0/within_ms"}])"));
    FAIL("accepted");
  } catch (const bad_definition& e) {
    CHECK(std::string(e.what()).find("/steps/0/within_ms") != std::string::npos);
    CHECK(std::string(e.what()).find("/steps/1/undo") != std::string::npos);
  }
}
