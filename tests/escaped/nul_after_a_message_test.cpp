// Found by looking for what the fuzzer had found elsewhere: a start's event, an operator's word for
// a participant's books, a conformance script and a participant's reply were read up to their first
// NUL byte; what followed was accepted without a look, and quarantined by whoever read it next.
#include <doctest/doctest.h>

#include <string>

#include "orchestrator/requests.hpp"
#include "outbox/whole_json.hpp"
#include "sagas/json.hpp"
#include "skald/json.hpp"
#include "tests/reference/voucher.hpp"

using namespace skald;
using namespace std::string_literals;

TEST_CASE("JSON is the whole text or nothing") {
  CHECK(whole_json(R"({"a":1})").is_object());
  CHECK(whole_json(" [] \n").is_array());
  for (const auto& text : {"{}\0"s, "{}\0garbage"s, "\0{}"s, "{\"a\":\0 1}"s, ""s, "{}{}"s, "{"s})
    CHECK(whole_json(text).is_discarded());
}

TEST_CASE("a start's event with a NUL byte behind it has no key") {
  const auto d = load_definition(to_json(voucher::saga));
  auto event = whole_json("{}");
  event[nlohmann::json::json_pointer(std::string(d->starts.key))] = "k";
  CHECK(requests::key_in(*d, event.dump()).key == "k");
  CHECK(!requests::key_in(*d, event.dump() + "\0x"s).problem.empty());
}
