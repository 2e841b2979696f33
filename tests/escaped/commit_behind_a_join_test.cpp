// A second service joined; the first was to give up half of its shards, and sometimes gave up all:
// its commit for the lag tools was under way behind its join, was refused as of an old generation,
// and librdkafka gave up what it was to keep.
#include <array>
#include <utility>

#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("who joins a group takes its share, whatever is committed meanwhile") {
  auto b = broker::real();
  const auto topic = b.make_topic(4);
  kafka::reader_settings settings;
  settings.group = topic;
  auto one = b.open_reader(settings), two = b.open_reader(settings);
  std::set<int> kept, gained;
  int moved = 0;
  one->join(topic, {[&](auto more) {
                      for (auto& p : more) kept.insert(p.no);
                    },
                    [&](auto gone) {
                      for (auto& p : gone) kept.erase(p.no);
                      moved += static_cast<int>(gone.size());
                    }});
  REQUIRE(poll_until(*one, [&] { return kept.size() == 4; }));
  two->join(topic, {[&](auto more) {
                      for (auto& p : more) gained.insert(p.no);
                    },
                    {}});
  bool committed = false;
  std::vector<wire::record> none;
  REQUIRE(poll_until(*two, [&] {
    one->poll(none, 1, 1);
    // One has joined again, for two to hear what is free now; its answer takes a heartbeat.
    if (moved > 0 && !std::exchange(committed, true))
      one->commit_for_lag_tools(std::array{position{{topic, *kept.begin()}, 0}});
    return gained.size() == 2 && kept.size() == 2;
  }));
  CHECK(committed);
  CHECK(moved == 2);
  const std::array mine{partition{topic, *kept.begin()}};
  CHECK(poll_until(*one, [&] { return one->committed(mine).size() == 1; }));
  one->leave();
  two->leave();
}
