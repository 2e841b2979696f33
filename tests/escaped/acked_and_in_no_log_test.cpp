// A broker that does not know a producer takes its first batch whatever its number. With two on
// their way, the first was refused, the second taken, and librdkafka acknowledged both: the first
// record was in no log, and a saga whose start it was never began.
#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
// Less than the broker's delay, so that a second batch would be sent before the first is answered.
constexpr auto on_its_way = 100ms;
constexpr auto delay = 400ms;

struct told_all : broker {
  told_all() : broker(embedded()), topic(make_topic(1)), writer(open_writer(said.record())) {
    REQUIRE(send("before", 0));
    REQUIRE(writer->flush(patience));  // the topic is known, the producer has its number
    REQUIRE(said.acked.size() == 1);
  }
  bool send(std::string_view value, std::uint64_t tag) {
    return writer->send(topic, "key", {}, value, tag) == log_writer::sent::queued;
  }
  outcomes said;
  std::string topic;
  std::unique_ptr<log_writer> writer;
};
}  // namespace

TEST_CASE("a batch that was refused is sent again before the next one, and both are in the log") {
  told_all w;
  w.mock->set_delay(delay);
  w.mock->refuse_batch_once();
  REQUIRE(w.send("first", 1));
  CHECK_FALSE(w.writer->flush(on_its_way));
  REQUIRE(w.send("second", 2));
  w.mock->set_delay(0ms);
  REQUIRE(w.writer->flush(patience));
  CHECK(w.said.acked == std::vector<std::uint64_t>{0, 1, 2});

  const auto reader = w.open_reader();
  reader->assign(from(w.topic, 0, 0));
  const auto got = read(*reader, 3);
  REQUIRE(got.size() == 3);
  CHECK(got[1].value == "first");
  CHECK(got[2].value == "second");
}

TEST_CASE("an acknowledgement without a place in the log is none") {
  told_all w;
  w.mock->call_batch_a_repeat_once();
  REQUIRE(w.send("where?", 1));
  REQUIRE(w.writer->flush(patience));
  CHECK(w.said.acked.size() == 1);
  CHECK(w.said.failed == std::vector<std::uint64_t>{1});
}
