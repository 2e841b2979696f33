// Killed between the two rounds of a cooperative rebalance and started again under its name at
// once, a service got its old share back and half the shards had no owner until somebody joined or
// left.
#include "orchestrator/group_watch.hpp"
#include "orchestrator/simulate/run.hpp"
#include "orchestrator/worker.hpp"
#include "outbox/kafka/group.hpp"
#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;
using shards = group_watch::shards;

TEST_CASE("a group at rest tells which partitions no member has") {
  auto b = broker::real();
  const auto topic = b.make_topic(3), other = b.make_topic(2);
  kafka::group seen(b.to, topic);
  CHECK(seen.without_owner(topic, 3).empty());  // there is no such group
  kafka::reader_settings settings;
  settings.group = topic;
  auto member = b.open_reader(settings);
  std::size_t owns = 0;
  member->join(topic, {[&](auto gained) { owns += gained.size(); }, [&](auto) { owns = 0; }});
  REQUIRE(poll_until(*member, [&] { return owns == 3; }));
  const auto sees = [&](const std::string& in, int count, const shards& without) {
    return poll_until(*member, [&] { return seen.without_owner(in, count) == without; });
  };
  CHECK(sees(other, 2, {0, 1}));
  CHECK(sees(topic, 5, {3, 4}));
  CHECK(seen.without_owner(topic, 3).empty());
  member->leave();
}

TEST_CASE("a member's share is read from its bytes, and from no others") {
  using namespace std::string_literals;
  const auto share = "\0\1"s + "\0\0\0\2"s + "\0\1x"s + "\0\0\0\1"s + "\0\0\0\1"s + "\0\2ab"s +
                     "\0\0\0\2"s + "\0\0\0\1"s + "\0\0\0\2"s + "\xff\xff\xff\xff"s;
  std::vector<bool> owned(3);
  kafka::cross_out(share, "ab", owned);
  CHECK(owned == std::vector<bool>{false, true, true});
  for (std::size_t n = 0; n < share.size(); ++n) {
    std::vector<bool> of_a_part(3);
    kafka::cross_out(share.substr(0, n), "ab", of_a_part);
    CHECK_FALSE(of_a_part[0]);
    CHECK(of_a_part[2] == (n >= share.size() - 4));
  }
  kafka::cross_out("\0\1\xff\xff\xff\xff\xff\xff"s, "ab", owned);
  kafka::cross_out("\0\1\x7f\xff\xff\xff\0\2ab\x7f\xff\xff\xff\0\0\0\3\xff\xff\xff\xff"s, "ab",
                   owned);
  CHECK(owned == std::vector<bool>{false, true, true});
}

TEST_CASE("a broker that cannot describe a group is asked once, and holds nobody up") {
  auto b = broker::embedded();
  kafka::group seen(b.to, "some");
  for (int i = 0; i < 3; ++i) CHECK(seen.without_owner("topic", 2).empty());
}  // its handle is destroyed here

TEST_CASE("a member joins anew when two looks in a row find the same shards without an owner") {
  const std::vector<shards> looks{{}, {1, 2}, {}, {1}, {1, 2}, {1, 2}, {1, 2}, {1, 2}};
  std::size_t next = 0;
  std::vector<std::size_t> rejoined;
  group_watch watch(
      milliseconds(1), [&] { return looks[next++]; },
      [&](const shards& which) {
        CHECK(which == shards{1, 2});
        rejoined.push_back(next);
      },
      [](const std::string& why) { FAIL(why); });
  while (next < looks.size()) watch.turn();
  CHECK(rejoined == std::vector<std::size_t>{6, 8});
}

TEST_CASE("a worker that joins anew takes its shards over again") {
  sim::clock clock;
  sim::cluster log;
  sim::database database;
  database.clock = &clock;
  for (const auto* topic : {"sim.inbox", "sim.starts", "sim.saga-events"}) log.make_topic(topic, 1);
  for (const auto* topic : {"sim.inbox", "sim.starts"}) database.tables.add_topic(topic, 1, 0);
  database.tables.add_shard(0);
  metrics counts;
  int joined = 0;
  worker_setup s;
  s.prefix = "sim";
  s.shards = 1;
  s.secrets = {{1, "secret"}};
  s.open_store = [&] { return sim::open_store(database); };
  s.open_reader = [&](const std::string&) {
    ++joined;
    return log.open_reader();
  };
  s.open_writer = [&](bool, log_writer::on_delivery told) { return log.open_writer(told); };
  s.steady_now = [&] { return clock.steady_now(); };
  worker w(std::move(s), counts);
  const auto owned_after_turns = [&] {
    for (int i = 0; i < 3; ++i) w.turn();
    return w.gauges().partitions_owned.value();
  };
  CHECK(owned_after_turns() == 1);
  w.rejoin();
  CHECK(owned_after_turns() == 1);
  CHECK(joined == 2);
}
