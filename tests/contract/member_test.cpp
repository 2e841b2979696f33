// A member of a group whose share has not come wakes librdkafka, which would sleep through the
// moment to join again (outbox/kafka/member.cpp). By how much it would be late is chance, and no
// matter for a test; that it is woken is, and when no more: seen by the question that wakes it.
#include <dlfcn.h>

#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
std::atomic<int> questions{0};
}

// In front of librdkafka's own.
struct rd_kafka_s;
extern "C" char* rd_kafka_memberid(const rd_kafka_s* of) {
  using function = char* (*)(const rd_kafka_s*);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "rd_kafka_memberid"));
  ++questions;
  return real(of);
}

TEST_CASE("a member wakes librdkafka again and again while its group forms") {
  auto b = broker::embedded();  // takes 3 s to form one
  const auto topic = b.make_topic(2);
  const auto reader = b.open_reader({.group = topic});
  questions = 0;
  reader->join(topic, {[](auto) {}, [](auto) {}});
  CHECK(poll_until(*reader, [] { return questions >= 3; }));
  reader->leave();
}

TEST_CASE("a member that has its share lets librdkafka sleep") {
  auto b = broker::real();
  const auto topic = b.make_topic(2);
  const auto reader = b.open_reader({.group = topic});
  std::size_t owned = 0;
  questions = 0;
  reader->join(topic, {[&](auto gained) { owned += gained.size(); }, [](auto) {}});
  REQUIRE(poll_until(*reader, [&] { return owned == 2; }));
  const int asked = questions;
  CHECK(asked > 0);
  const auto later = steady::now() + 300ms;
  REQUIRE(poll_until(*reader, [&] { return steady::now() >= later; }));
  CHECK(questions.load() == asked);
  reader->leave();
}
