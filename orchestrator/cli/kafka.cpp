#include "orchestrator/cli/kafka.hpp"

#include "orchestrator/kafka_properties.hpp"

namespace skald::cli {
kafka::connection kafka_of(const context& x) {
  kafka::connection to{.bootstrap = required(x, "kafka")};
  if (const auto& path = x.settings.text("kafka_properties"); !path.empty())
    to.extra = config::read_kafka_properties(path);
  return to;
}
}  // namespace skald::cli
