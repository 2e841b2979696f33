// Topics read from their beginnings to a mark, once, without a consumer group.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "outbox/log.hpp"

namespace skald::audit {
struct log_access {
  std::function<std::unique_ptr<log_reader>()> open_reader;
  std::function<std::unique_ptr<log_admin>()> open_admin;
};

struct stretch {
  std::int64_t from = 0, to = 0;  // offsets; from > 0: Kafka has removed what was before
};
using stretches = std::map<partition, stretch>;

// What Kafka has of these topics now. A topic that does not exist has nothing.
stretches ends_of(log_admin&, std::span<const std::string> topics);

// Visits every record of the stretches; the order is Kafka's within a partition. Throws log_error
// when Kafka gives nothing for half a minute, or removes what is to be read.
void read_all(log_reader&, const stretches&, const std::function<void(const wire::record&)>&);
}  // namespace skald::audit
