// What outbox/log.hpp promises, kept by the embedded broker, a real Kafka and the simulated log.
#include <doctest/doctest.h>

#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("a record comes back byte for byte, on murmur2's partition, and is acked by its tag") {
  on_every([](broker& b) {
    auto topic = b.make_topic(8);
    outcomes o;
    auto writer = b.open_writer(o.record());
    const std::vector<wire::header> headers{{"ce_id", "1"}, {"empty", ""}, {"ce_id", "\xff\x01"}};
    const std::string value("\0\x01 v", 4);
    REQUIRE(writer->send(topic, "order-1", headers, value, 41) == log_writer::sent::queued);
    REQUIRE(writer->send(topic, "order-1", {}, {}, 42) == log_writer::sent::queued);
    CHECK(writer->flush(patience));
    CHECK(o.acked == std::vector<std::uint64_t>{41, 42});
    CHECK(writer->queued() == 0);

    auto reader = b.open_reader();
    auto p = murmur2_partition("order-1", 8);
    reader->assign(from(topic, p, 0));
    auto got = read(*reader, 2);
    REQUIRE(got.size() == 2);
    CHECK(got[0].topic == topic);
    CHECK(got[0].partition == p);
    CHECK(got[0].offset == 0);
    CHECK(got[0].key == "order-1");
    CHECK(got[0].value == value);
    REQUIRE(got[0].headers.size() == 3);
    CHECK(got[0].headers[1] == std::pair<std::string, std::string>{"empty", ""});
    CHECK(got[0].headers[2].second == "\xff\x01");
    CHECK(got[1].headers.empty());
    CHECK_FALSE(got[1].has_value);  // a tombstone
    CHECK(got[1].offset == 1);
  });
}

TEST_CASE("records of one key arrive in the order of send, once") {
  on_every([](broker& b) {
    auto topic = b.make_topic(4);
    outcomes o;
    auto writer = b.open_writer(o.record());
    constexpr int n = 5'000;
    for (int i = 0; i < n; ++i)
      REQUIRE(writer->send(topic, "key " + std::to_string(i % 7), {}, std::to_string(i),
                           static_cast<std::uint64_t>(i)) == log_writer::sent::queued);
    REQUIRE(writer->flush(patience));
    CHECK(o.acked.size() == n);
    auto reader = b.open_reader();
    std::vector<position> all;
    for (int p = 0; p < 4; ++p) all.push_back({{topic, p}, 0});
    reader->assign(all);
    auto got = read(*reader, n);
    REQUIRE(got.size() == n);
    std::map<std::string, int> last;
    for (auto& r : got) {
      auto i = std::stoi(r.value);
      if (last.contains(r.key)) CHECK(last[r.key] < i);
      last[r.key] = i;
    }
    CHECK(last.size() == 7);
  });
}

TEST_CASE("poll keeps to its bounds, and wake_fd tells of what is left") {
  on_every([](broker& b) {
    auto topic = b.make_topic(1);
    write_numbers(b, topic, 3'000, 0);
    auto reader = b.open_reader();
    reader->assign(from(topic, 0, 0));
    auto got = read(*reader, 3'000, 7);
    REQUIRE(got.size() == 3'000);
    for (int i = 0; i < 3'000; ++i) REQUIRE(got[static_cast<std::size_t>(i)].offset == i);

    reader->seek(from(topic, 0, 0));
    std::vector<wire::record> records;
    REQUIRE(poll_until(*reader, [&] {
      reader->poll(records, 10, 1);
      return !records.empty();
    }));
    CHECK(records.size() <= 10);
  });
}

TEST_CASE("seek, forget and assign: nothing of before is returned") {
  on_every([](broker& b) {
    auto topic = b.make_topic(2);
    write_numbers(b, topic, 2'000, 0);
    write_numbers(b, topic, 2'000, 1);
    auto reader = b.open_reader();
    reader->assign(from(topic, 0, 0));
    reader->assign(from(topic, 1, 500));
    REQUIRE(read(*reader, 3'500).size() == 3'500);
    for (int round = 0; round < 30; ++round) {
      auto to = (round * 977) % 1'900;
      if (round % 2) {
        reader->seek(from(topic, 0, to));
      } else {
        reader->forget(std::vector<partition>{{topic, 0}});
        reader->assign(from(topic, 0, to));
      }
      auto got = read(*reader, 50, 25);
      REQUIRE(got.size() >= 50);
      for (std::size_t i = 0; i < got.size(); ++i)
        REQUIRE(got[i].offset == to + static_cast<std::int64_t>(i));
    }
    reader->forget(std::vector<partition>{{topic, 0}});
    std::vector<wire::record> records;
    write_numbers(b, topic, 10, 1);
    auto got = read(*reader, 10);
    REQUIRE(got.size() == 10);
    for (auto& r : got) CHECK(r.partition == 1);
  });
}

TEST_CASE("a paused partition is silent and goes on where it was") {
  on_every([](broker& b) {
    auto topic = b.make_topic(2);
    write_numbers(b, topic, 100, 0);
    auto reader = b.open_reader();
    reader->assign(from(topic, 0, 0));
    reader->assign(from(topic, 1, 0));
    REQUIRE(read(*reader, 60, 1).size() == 60);
    const std::vector<partition> first{{topic, 0}};
    reader->pause(first);
    write_numbers(b, topic, 100, 1);
    auto got = read(*reader, 100);
    REQUIRE(got.size() == 100);
    for (auto& r : got) CHECK(r.partition == 1);
    reader->resume(first);
    got = read(*reader, 40);
    REQUIRE(got.size() == 40);
    CHECK(got[0].offset == 60);
  });
}

TEST_CASE("an offset that is no longer there is said, not skipped") {
  on_every([](broker& b) {
    auto topic = b.make_topic(1);
    write_numbers(b, topic, 10, 0);
    auto reader = b.open_reader();
    reader->assign(from(topic, 0, 1'000));
    std::string said;
    std::vector<wire::record> records;
    for (auto until = steady::now() + patience; said.empty() && steady::now() < until;) {
      reader->wait(100ms);
      try {
        reader->poll(records, 10, 1'000);
      } catch (const log_error& e) {
        said = e.what();
      }
      CHECK(records.empty());
    }
    CHECK(said.find("Records are lost") != said.npos);
    CHECK(said.find(topic) != said.npos);
  });
}

TEST_CASE("members of a group share a topic, and leave it to the others") {
  on_every([](broker& b) {
    auto topic = b.make_topic(6);
    kafka::reader_settings settings;
    settings.group = topic;
    if (b.mock) settings.session = 3s;  // its rebalances wait for that
    struct member {
      std::unique_ptr<log_reader> reader;
      std::set<int> owns;
      log_reader::ownership told() {
        return {[this](auto gained) {
                  for (auto& p : gained) CHECK(owns.insert(p.no).second);
                },
                [this](auto lost) {
                  for (auto& p : lost) CHECK(owns.erase(p.no) == 1);
                }};
      }
    };
    member one{b.open_reader(settings), {}}, two{b.open_reader(settings), {}};
    one.reader->join(topic, one.told());
    REQUIRE(poll_until(*one.reader, [&] { return one.owns.size() == 6; }));
    two.reader->join(topic, two.told());
    std::vector<wire::record> none;
    REQUIRE(poll_until(*two.reader, [&] {
      one.reader->poll(none, 1, 1);
      return two.owns.size() == 3 && one.owns.size() == 3;
    }));
    for (auto p : two.owns) CHECK_FALSE(one.owns.contains(p));
    one.reader->commit_for_lag_tools(from(topic, *one.owns.begin(), 0));

    // What is read is the reader's own business: any partition of any topic.
    auto other = b.make_topic(1);
    write_numbers(b, other, 5, 0);
    two.reader->assign(from(other, 0, 2));
    CHECK(read(*two.reader, 3).size() == 3);

    one.reader->leave();
    CHECK(one.owns.empty());
    REQUIRE(poll_until(*two.reader, [&] { return two.owns.size() == 6; }));
    two.reader->leave();
    two.reader->leave();
    CHECK(two.owns.empty());
  });
}
