// Behind a crash Kafka may refuse to say how far a group had come, partition by partition. It was
// taken for a group that had come nowhere, and a participant began its topic anew.
#include <array>

#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("an offset that cannot be read is an error, never none") {
  auto b = broker::embedded();
  const auto topic = b.make_topic(1);
  const std::array mine{partition{topic, 0}};
  // As old brokers do it, with an error for each partition and none for all of them.
  b.to.extra = {{"api.version.request", "false"}, {"broker.version.fallback", "0.9.0"}};
  const auto reader = b.open_reader({.group = topic});
  CHECK(reader->committed(mine).empty());
  reader->commit_for_lag_tools(std::array{position{{topic, 0}, 7}});
  REQUIRE(poll_until(*reader, [&] { return reader->committed(mine).size() == 1; }));
  b.mock->refuse_offsets_once();
  CHECK_THROWS_AS(reader->committed(mine), log_error);
  const auto known = reader->committed(mine);
  REQUIRE(known.size() == 1);
  CHECK(known.front().offset == 7);
}
