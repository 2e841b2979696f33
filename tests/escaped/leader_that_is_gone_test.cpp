// When the only broker that led a partition was gone, the question for its ends took two minutes,
// whatever time it was given. A participant asks it before it reads, and stood still meanwhile.
#include "tests/contract/log_world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("the ends of a partition whose leader is gone are not waited for longer than allowed") {
  auto b = broker::embedded();
  const auto topic = b.make_topic(1);
  write_numbers(b, topic, 3, 0);
  b.to.answer_within = 1s;
  const auto admin = kafka::open_admin(b.to);
  REQUIRE(admin->watermarks({topic, 0}).high == 3);

  b.mock->set_down(true);
  const auto began = steady::now();
  CHECK_THROWS_AS(admin->watermarks({topic, 0}), log_error);
  CHECK(steady::now() - began < patience);

  b.mock->set_down(false);
  const auto high = [&]() -> std::int64_t {
    try {
      return admin->watermarks({topic, 0}).high;
    } catch (const log_error&) {
      return -1;  // not connected yet
    }
  };
  std::int64_t found = -1;
  for (auto until = steady::now() + patience; found < 0 && steady::now() < until;) found = high();
  CHECK(found == 3);
}
