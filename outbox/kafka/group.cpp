#include "outbox/kafka/group.hpp"

#include "outbox/kafka/handle.hpp"

namespace skald::kafka {
namespace {
constexpr int answer_within_ms = 1'000;

void cross_out(const rd_kafka_MemberDescription_t* member, const std::string& topic,
               std::vector<bool>& owned) {
  const auto* share = rd_kafka_MemberDescription_assignment(member);
  const auto* list = share ? rd_kafka_MemberAssignment_partitions(share) : nullptr;
  for (int i = 0; list && i < list->cnt; ++i) {
    const auto no = static_cast<std::size_t>(list->elems[i].partition);
    if (list->elems[i].topic == topic && no < owned.size()) owned[no] = true;
  }
}
}  // namespace

// Asked with DescribeGroups, the embedded broker, which does not know it, leaves librdkafka with a
// request that never ends, and its handle cannot be destroyed: the older call is tried first.
struct group::client {
  explicit client(const connection& to)
      : handle(make_handle(RD_KAFKA_CONSUMER, make_configuration(to, {}, owner))) {}

  bool can_tell(const std::string& name) {
    if (tells == yes || tells == never) return tells == yes;
    const rd_kafka_group_list* list = nullptr;
    const auto error = rd_kafka_list_groups(handle.get(), name.c_str(), &list, answer_within_ms);
    if (list) rd_kafka_group_list_destroy(list);
    if (!error) tells = yes;
    if (error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE) tells = never;
    return tells == yes;
  }

  handle_owner owner;  // outlives the handle
  owned<rd_kafka_t> handle;
  enum { unknown, yes, never } tells = unknown;
};

group::group(const connection& to, std::string name)
    : name_(std::move(name)), client_(std::make_unique<client>(to)) {}
group::~group() = default;

std::vector<std::int32_t> group::without_owner(const std::string& topic, std::int32_t count) {
  if (!client_->can_tell(name_)) return {};
  auto* const handle = client_->handle.get();
  const owned<rd_kafka_AdminOptions_t> options(
      rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS));
  char why[256] = "";
  rd_kafka_AdminOptions_set_request_timeout(options.get(), answer_within_ms, why, sizeof why);
  const owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle));
  const char* names[] = {name_.c_str()};
  rd_kafka_DescribeConsumerGroups(handle, names, 1, options.get(), queue.get());
  const owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), answer_within_ms));
  if (!event || rd_kafka_event_error(event.get())) return {};
  std::size_t n = 0;
  const auto** found = rd_kafka_DescribeConsumerGroups_result_groups(
      rd_kafka_event_DescribeConsumerGroups_result(event.get()), &n);
  if (n != 1 || rd_kafka_ConsumerGroupDescription_error(found[0]) ||
      rd_kafka_ConsumerGroupDescription_state(found[0]) != RD_KAFKA_CONSUMER_GROUP_STATE_STABLE)
    return {};
  std::vector<bool> has_owner(static_cast<std::size_t>(count));
  const auto members = rd_kafka_ConsumerGroupDescription_member_count(found[0]);
  for (std::size_t i = 0; i < members; ++i)
    cross_out(rd_kafka_ConsumerGroupDescription_member(found[0], i), topic, has_owner);
  std::vector<std::int32_t> without;
  for (std::int32_t i = 0; i < count; ++i)
    if (!has_owner[static_cast<std::size_t>(i)]) without.push_back(i);
  return without;
}
}  // namespace skald::kafka
