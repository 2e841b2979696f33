// No Kafka writer could be made of the settings: the relay flushed the one it did not have, and the
// process died.
#include "tests/contract/relay_world.hpp"

using namespace skald;

TEST_CASE("a relay whose writer cannot be made says so and tries again") {
  test::relay_world w;
  test::told told;
  w.insert("k", "1");
  int attempts = 0;
  relay r(
      w.settings(),
      [&](bool careful, log_writer::on_delivery served) {
        auto to = w.kafka;
        if (++attempts == 1) to.extra["ssl.of.nothing"] = "x";
        return kafka::relay_log(to)(careful, std::move(served));
      },
      told.events());
  r.start();
  CHECK(told.wait_trouble().find("ssl.of.nothing") != std::string::npos);
  CHECK(w.read(1).size() == 1);
}
