// An operator's word for a participant's books may bring a reply along; nested some 100,000 deep it
// was read, and writing it into the books recursed until the stack was full: the participant died,
// and of the same record again after each restart. `skald event tail` died of any such record.
#include <doctest/doctest.h>

#include <string>

#include "outbox/whole_json.hpp"

using namespace skald;

namespace {
std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}
}  // namespace

TEST_CASE("what is nested too deeply to be written again is not read") {
  for (const auto depth : {65, 10'000, 500'000}) {
    CHECK(whole_json(nested(static_cast<std::size_t>(depth))).is_discarded());
    CHECK(whole_json(R"({"row":"done","reply":)" + nested(static_cast<std::size_t>(depth)) + "}")
              .is_discarded());
  }
  CHECK(whole_json(nested(64)).dump() == nested(64));
  const auto brackets = "\"" + std::string(100, '[') + R"(\"{)" + std::string(100, '{') + "\"";
  CHECK(whole_json(brackets).is_string());  // text is not nested
  std::string siblings = "[{}";
  for (int i = 0; i < 100; ++i) siblings += ",[]";
  CHECK(whole_json(siblings + "]").size() == 101);
}
