// What the broker knows of a consumer group. One thread.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/kafka/connection.hpp"

namespace skald::kafka {
// Sets the bits of `topic`'s partitions in a member's assignment, which are any bytes.
void cross_out(std::string_view assignment, std::string_view topic, std::vector<bool>& owned);

class group {
 public:
  group(const connection&, std::string name);  // throws log_error
  ~group();

  // The partitions of `topic`, from 0 to `count` - 1, that no member has though the group is at
  // rest. None while it is being shared out anew, when it has no member, and when the broker
  // does not tell within a second (the embedded one never does).
  std::vector<std::int32_t> without_owner(const std::string& topic, std::int32_t count);

 private:
  struct client;
  const std::string name_;
  const std::unique_ptr<client> client_;
};
}  // namespace skald::kafka
