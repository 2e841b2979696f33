#include "outbox/kafka/group.hpp"

#include <string_view>

#include "outbox/kafka/handle.hpp"

namespace skald::kafka {
namespace {
constexpr int answer_within_ms = 1'000;

struct list_freed {
  void operator()(const rd_kafka_group_list* l) const { rd_kafka_group_list_destroy(l); }
};

// Kafka's numbers: the first byte counts most. One that is not whole is -1, and nothing follows.
struct bytes {
  std::string_view rest;

  std::int64_t number(std::size_t size) {
    std::int64_t n = 0;
    const auto given = text(size);
    for (const char c : given) n = n << 8 | static_cast<unsigned char>(c);
    return given.size() == size ? n : -1;
  }
  std::string_view text(std::size_t size) {
    const auto all = rest.substr(0, size);
    rest.remove_prefix(all.size());
    return all;
  }
};
}  // namespace

// ConsumerProtocolAssignment of Kafka's protocol: a version, then topics with their partitions.
void cross_out(std::string_view assignment, std::string_view topic, std::vector<bool>& owned) {
  bytes b{assignment};
  b.number(2);
  for (auto topics = b.number(4); topics > 0 && !b.rest.empty(); --topics) {
    const bool is_it = b.text(static_cast<std::size_t>(b.number(2))) == topic;
    for (auto left = b.number(4); left > 0 && !b.rest.empty(); --left) {
      const auto no = static_cast<std::size_t>(b.number(4));
      if (is_it && no < owned.size()) owned[no] = true;
    }
  }
}

// Asked with the admin client's DescribeConsumerGroups instead, librdkafka aborts the process when
// a broker goes away at the wrong moment (its issue 4605), and never ends with the embedded one.
struct group::client {
  explicit client(const connection& to)
      : handle(make_handle(RD_KAFKA_CONSUMER, make_configuration(to, {}, owner))) {}

  handle_owner owner;  // outlives the handle
  owned<rd_kafka_t> handle;
  bool never_tells = false;
};

group::group(const connection& to, std::string name)
    : name_(std::move(name)), client_(std::make_unique<client>(to)) {}
group::~group() = default;

std::vector<std::int32_t> group::without_owner(const std::string& topic, std::int32_t count) {
  if (client_->never_tells) return {};
  const rd_kafka_group_list* given = nullptr;
  const auto error =
      rd_kafka_list_groups(client_->handle.get(), name_.c_str(), &given, answer_within_ms);
  const std::unique_ptr<const rd_kafka_group_list, list_freed> list(given);
  client_->never_tells = error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE;
  if (error || list->group_cnt != 1) return {};
  const auto& found = list->groups[0];
  if (found.err || found.state != std::string_view("Stable")) return {};
  std::vector<bool> has_owner(static_cast<std::size_t>(count));
  for (int i = 0; i < found.member_cnt; ++i) {
    const auto& m = found.members[i];
    cross_out({static_cast<const char*>(m.member_assignment),
               static_cast<std::size_t>(m.member_assignment_size)},
              topic, has_owner);
  }
  std::vector<std::int32_t> without;
  for (std::int32_t i = 0; i < count; ++i)
    if (!has_owner[static_cast<std::size_t>(i)]) without.push_back(i);
  return without;
}
}  // namespace skald::kafka
