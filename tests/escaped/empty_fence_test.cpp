// Found by comparing the published schema with the loader: a fence whose command has an empty name
// was loaded as no fence at all, and so was an empty occurrence. What somebody wrote must be
// refused, never left out.
#include <doctest/doctest.h>

#include <string>

#include "sagas/json.hpp"

using namespace skald;

namespace {
std::string definition_with(const std::string& member) {
  return R"({"skald": 1, "saga": "award", "version": 1,
    "starts": {"event": "auction.Won.v1", "key": "/lot"},
    "steps": [{"step": "collect", "within_ms": 1000, "undo": "irreversible",
      "send": {"command": "auction.Collect.v1", "participant": "bank", "fields": []},
      "done": "auction.Collected.v1")" +
         member + "}]}";
}
std::string mistake_in(const std::string& member) {
  const auto loaded = read_definition(definition_with(member));
  if (loaded.definition) return "";
  REQUIRE(loaded.complaints.size() == 1);
  return loaded.complaints[0].at + ": " + loaded.complaints[0].sentence;
}
}  // namespace

TEST_CASE("an empty name is refused, not taken for a member that was left out") {
  CHECK(mistake_in("").empty());
  CHECK(mistake_in(R"(, "fence": {"command": "", "participant": "bank", "fields": []})") ==
        "/steps/0/fence/command: this text is empty");
  CHECK(mistake_in(R"(, "occurrence": "")") == "/steps/0/occurrence: this text is empty");
}
