// The log's limits, its admin, and bad weather.
#include <doctest/doctest.h>

#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("a full queue says so and takes more after it has drained") {
  on_each([](broker& b) {
    auto topic = b.make_topic(1);
    outcomes o;
    kafka::writer_settings settings;
    settings.max_queued = 100;
    settings.linger = 1'000ms;
    auto writer = kafka::open_writer(b.to, settings, o.record());
    std::size_t queued = 0;
    auto sent = log_writer::sent::queued;
    for (; queued < 1'000'000; ++queued)
      if (sent = writer->send(topic, "k", {}, "v", 0); sent != log_writer::sent::queued) break;
    CHECK(sent == log_writer::sent::full);
    REQUIRE(writer->flush(patience));
    CHECK(o.acked.size() == queued);
    CHECK(writer->send(topic, "k", {}, "v", 0) == log_writer::sent::queued);
  });
}

TEST_CASE("a record that can never be produced is told apart, and stops no other") {
  on_each([](broker& b) {
    auto topic = b.make_topic(1);
    outcomes o;
    kafka::writer_settings settings;
    settings.max_record_bytes = 10'000;
    settings.unknown_topic_after = 100ms;
    auto writer = kafka::open_writer(b.to, settings, o.record());
    CHECK(writer->send(topic, "k", {}, std::string(20'000, 'x'), 1) ==
          log_writer::sent::impossible);
    CHECK(writer->send("not a topic", "k", {}, "v", 2) != log_writer::sent::full);
    REQUIRE(writer->send(topic, "k", {}, "v", 3, 99) != log_writer::sent::full);
    REQUIRE(writer->send(topic, "k", {}, "v", 4) == log_writer::sent::queued);
    REQUIRE(writer->flush(patience));
    CHECK(o.failed.empty());
    if (b.mock) {  // takes any name for a topic
      CHECK(std::erase(o.acked, 2) == 1);
    }
    CHECK(o.acked == std::vector<std::uint64_t>{4});
  });
}

TEST_CASE("admin tells partitions, watermarks and the cluster's id") {
  on_each([](broker& b) {
    auto topic = b.make_topic(3);
    auto admin = kafka::open_admin(b.to);
    CHECK_FALSE(admin->cluster_id().empty());
    CHECK(admin->cluster_id() == kafka::open_admin(b.to)->cluster_id());
    CHECK(admin->partitions(topic) == 3);
    if (!b.mock) CHECK(admin->partitions(topic + ".absent") == 0);  // the mock makes what is asked
    write_numbers(b, topic, 5, 1);
    CHECK(admin->watermarks({topic, 1}).low == 0);
    CHECK(admin->watermarks({topic, 1}).high == 5);
    CHECK(admin->watermarks({topic, 0}).high == 0);
    CHECK_THROWS_AS(admin->watermarks({topic, 7}), log_error);
    admin->ensure_topic(topic, 9, 1'000);  // exists: left alone
    CHECK(admin->partitions(topic) == 3);
  });
}

TEST_CASE("an unreachable broker is named within the time given") {
  kafka::connection to;
  to.bootstrap = "127.0.0.1:1";
  to.answer_within = 300ms;
  auto admin = kafka::open_admin(to);
  auto begin = steady::now();
  for (auto ask : {+[](log_admin& a) { (void)a.cluster_id(); },
                   +[](log_admin& a) { (void)a.partitions("t"); }}) {
    std::string said;
    try {
      ask(*admin);
    } catch (const log_error& e) {
      said = e.what();
    }
    CHECK(said.find("127.0.0.1:1") != said.npos);
  }
  CHECK(steady::now() - begin < 5s);
  // A group's offsets that cannot be read are not "never committed": that would mean the beginning.
  auto reader = kafka::open_reader(to, {.group = "g"});
  CHECK_THROWS_AS(reader->committed(std::array{partition{"t", 0}}), log_error);
}

TEST_CASE("a broker that goes away for a while loses and doubles nothing") {
  auto b = broker::embedded();
  auto topic = b.make_topic(1);
  outcomes o;
  auto writer = kafka::open_writer(b.to, {}, o.record());
  auto reader = kafka::open_reader(b.to, {});
  reader->assign(from(topic, 0, 0));
  for (int i = 0; i < 300; ++i) {
    if (i == 100) b.mock->set_down(true);
    if (i == 200) b.mock->set_down(false);
    REQUIRE(writer->send(topic, "k", {}, std::to_string(i), 0) == log_writer::sent::queued);
    writer->poll();
  }
  REQUIRE(writer->flush(patience));
  CHECK(o.acked.size() == 300);
  auto got = read(*reader, 300);
  REQUIRE(got.size() == 300);
  for (int i = 0; i < 300; ++i) CHECK(got[static_cast<std::size_t>(i)].value == std::to_string(i));
}

TEST_CASE("settings that cannot work are refused with a sentence") {
  auto refusal = [](auto change) {
    kafka::connection to;
    to.bootstrap = "127.0.0.1:1";
    change(to);
    try {
      kafka::open_admin(to);
      kafka::open_writer(to, {}, {});
    } catch (const log_error& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  using to = kafka::connection&;
  CHECK(refusal([](to t) { t.bootstrap = ""; }).find("host:port") != std::string::npos);
  CHECK(refusal([](to t) { t.extra["acks"] = "0"; }).find("acks") != std::string::npos);
  CHECK(refusal([](to t) { t.extra["ssl.nonsense"] = "1"; }).find("ssl.nonsense") !=
        std::string::npos);
  auto scram = refusal([](to t) { t.extra["sasl.mechanisms"] = "SCRAM-SHA-512"; });
  CHECK(scram.find("2.6.1") != std::string::npos);  // of this librdkafka, Debian 12's
  CHECK(refusal([](to t) { t.extra["sasl.mechanisms"] = "PLAIN"; }) == "accepted");
}
