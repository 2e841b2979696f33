// A topic that takes smaller records than skald sends: what it refuses is set aside with its bytes,
// and nothing else waits for it.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>

#include "tests/contract/run/world.hpp"
#include "tests/support/text.hpp"

using namespace skald;
using namespace skald::test;

namespace {
constexpr int most_bytes = 5'000;

template <class T>
auto held(T* object, void (*free)(T*)) {
  return std::unique_ptr<T, void (*)(T*)>(object, free);
}

// Its largest batch is `most_bytes` from now on.
void narrow(const std::string& bootstrap, const std::string& topic) {
  char why[256] = "";
  auto* conf = rd_kafka_conf_new();
  REQUIRE(rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), why, sizeof why) ==
          RD_KAFKA_CONF_OK);
  const auto admin =
      held(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why), &rd_kafka_destroy);
  REQUIRE(admin);
  const auto queue = held(rd_kafka_queue_new(admin.get()), &rd_kafka_queue_destroy);
  auto* wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_ConfigResource_set_config(wanted, "max.message.bytes",
                                     std::to_string(most_bytes).c_str());
  rd_kafka_AlterConfigs(admin.get(), &wanted, 1, nullptr, queue.get());
  const auto answer = held(rd_kafka_queue_poll(queue.get(), 30'000), &rd_kafka_event_destroy);
  rd_kafka_ConfigResource_destroy(wanted);
  REQUIRE(answer);
  REQUIRE(rd_kafka_event_error(answer.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

bool any_says(const std::vector<std::string>& reports, const std::string& word) {
  return std::any_of(reports.begin(), reports.end(), [&](const auto& r) { return has(r, word); });
}
}  // namespace

TEST_CASE("a record that the broker refuses for its size stops no shard") {
  world w(broker::real, vending_json(), 1);
  const auto topic = "inventory-" + w.run + ".commands";
  narrow(w.service_settings().kafka.bootstrap, topic);
  w.serve();
  w.start_drink("s-1");
  w.start("large",
          R"({"order_id":")" + incompressible(12'000) + R"(","slot":7,"price_cents":250})");
  w.start_drink("s-2");
  w.until("it is set aside", [&] {
    return w.count("select count(*) from quarantine where topic = '" + topic +
                   "' and reason like '%too large%' and octet_length(payload) > 12000") > 0;
  });
  w.until_phase("s-1", "completed");
  w.until_phase("s-2", "completed");
  w.start_drink("s-3");
  w.until_phase("s-3", "completed");
  CHECK(any_says(w.reports, "producer broke"));
  CHECK_FALSE(any_says(w.reports, "successor"));
  CHECK(w.served().healthy());
}
