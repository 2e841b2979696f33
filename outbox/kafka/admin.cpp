#include <array>
#include <thread>

#include "outbox/kafka/handle.hpp"

namespace skald::kafka {
namespace {
using clock = std::chrono::steady_clock;
constexpr milliseconds look_again{50};     // while a new topic spreads over the brokers
constexpr int leader_patience_ms = 2'000;  // then it may be another broker
// Kafka's own default, for the topic, whatever its brokers are set to: a writer's batches fit in.
constexpr int largest_batch_bytes = 1'048'588;

struct admin_freed {
  void operator()(rd_kafka_NewTopic_t* t) const { rd_kafka_NewTopic_destroy(t); }
  void operator()(const rd_kafka_metadata_t* m) const { rd_kafka_metadata_destroy(m); }
};
template <class T>
using held = std::unique_ptr<T, admin_freed>;

class admin final : public log_admin {
 public:
  explicit admin(const connection& to) : bootstrap_(to.bootstrap), patience_(to.answer_within) {
    // A consumer's handle: a producer's questions would create the topics they ask about.
    const std::array<std::pair<const char*, std::string>, 1> ours{
        {{"allow.auto.create.topics", "false"}}};
    handle_ = make_handle(RD_KAFKA_CONSUMER, make_configuration(to, ours, owner_));
  }

  std::string cluster_id() override {
    std::unique_ptr<char, void (*)(char*)> id(
        rd_kafka_clusterid(handle_.get(), static_cast<int>(patience_.count())),
        [](char* p) { rd_kafka_mem_free(nullptr, p); });
    if (!id) unreachable();
    return id.get();
  }

  std::int32_t partitions(const std::string& topic) override {
    owned<rd_kafka_topic_t> handle(rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
    if (!handle) return 0;
    const auto until = clock::now() + patience_;
    for (;;) {
      const rd_kafka_metadata_t* answer = nullptr;
      auto error = rd_kafka_metadata(handle_.get(), 0, handle.get(), &answer, left_ms(until));
      held<const rd_kafka_metadata_t> answered(answer);
      if (error || answer->topic_cnt != 1) unreachable();
      auto& found = answer->topics[0];
      switch (found.err) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
          if (found.partition_cnt > 0) return found.partition_cnt;
          break;
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
          return 0;
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
          break;
        default:
          refuse("Kafka will not tell about topic " + topic, found.err);
      }
      if (clock::now() >= until)
        throw log_error("Topic " + topic + " has no leader after " + patience() +
                        ": look at the brokers' logs.");
      std::this_thread::sleep_for(look_again);
    }
  }

  void ensure_topic(const std::string& topic, std::int32_t count,
                    std::int64_t retention_ms) override {
    if (partitions(topic) != 0) return;
    create(topic, count, retention_ms);
    const auto until = clock::now() + patience_;
    while (partitions(topic) == 0) {
      if (clock::now() >= until)
        throw log_error("Topic " + topic + " was created but is not seen after " + patience() +
                        ".");
      std::this_thread::sleep_for(look_again);
    }
  }

  skald::watermarks watermarks(const partition& of) override {
    const auto until = clock::now() + patience_;
    const auto low = end_of(of, RD_KAFKA_OFFSET_BEGINNING, until);
    return {low, end_of(of, RD_KAFKA_OFFSET_END, until)};
  }

 private:
  // A partition that was just made has no leader for a moment, and one that had another leader is
  // looked for anew. rd_kafka_query_watermark_offsets would wait two minutes for a leader that is
  // gone, whatever time it is given.
  std::int64_t end_of(const partition& of, std::int64_t which, clock::time_point until) {
    for (;;) {
      const auto list = make_list(std::array{position{of, which}});
      const auto one_look = std::min<int>(left_ms(until), leader_patience_ms);
      auto error = rd_kafka_offsets_for_times(handle_.get(), list.get(), one_look);
      if (!error) error = list->elems[0].err;
      switch (error) {
        case RD_KAFKA_RESP_ERR_NO_ERROR:
          return list->elems[0].offset;
        case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
        case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
        case RD_KAFKA_RESP_ERR__TRANSPORT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
          break;
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
          throw log_error("There is no partition " + std::to_string(of.no) + " of topic " +
                          of.topic + ".");
        default:
          unreachable();
      }
      if (clock::now() >= until) unreachable();
      std::this_thread::sleep_for(look_again);
      (void)partitions(of.topic);  // librdkafka learns who leads them
    }
  }

  static int left_ms(clock::time_point until) {
    auto left = std::chrono::ceil<milliseconds>(until - clock::now()).count();
    return static_cast<int>(std::max<std::int64_t>(left, 1));
  }

  std::string patience() const { return std::to_string(patience_.count()) + " ms"; }

  [[noreturn]] void unreachable() const {
    throw log_error("Kafka at " + bootstrap_ + " did not answer within " + patience() +
                    ": check the address, and that the broker runs.");
  }

  void create(const std::string& topic, std::int32_t count, std::int64_t retention_ms) {
    char why[256] = "";
    constexpr int brokers_default = -1;
    held<rd_kafka_NewTopic_t> wanted(
        rd_kafka_NewTopic_new(topic.c_str(), count, brokers_default, why, sizeof why));
    if (!wanted) throw log_error("Topic " + topic + " cannot be created: " + why);
    rd_kafka_NewTopic_set_config(wanted.get(), "retention.ms",
                                 std::to_string(retention_ms).c_str());
    rd_kafka_NewTopic_set_config(wanted.get(), "max.message.bytes",
                                 std::to_string(largest_batch_bytes).c_str());
    owned<rd_kafka_AdminOptions_t> options(
        rd_kafka_AdminOptions_new(handle_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS));
    auto patience_ms = static_cast<int>(patience_.count());
    rd_kafka_AdminOptions_set_request_timeout(options.get(), patience_ms, why, sizeof why);
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), patience_ms, why, sizeof why);

    owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(handle_.get()));
    auto* list = wanted.get();
    rd_kafka_CreateTopics(handle_.get(), &list, 1, options.get(), queue.get());
    owned<rd_kafka_event_t> event(rd_kafka_queue_poll(queue.get(), patience_ms + 1'000));
    if (!event || rd_kafka_event_error(event.get())) unreachable();
    std::size_t n = 0;
    auto** results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &n);
    for (std::size_t i = 0; i < n; ++i) {
      auto error = rd_kafka_topic_result_error(results[i]);
      if (error && error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        refuse("Topic " + topic + " cannot be created", error);
    }
  }

  std::string bootstrap_;
  milliseconds patience_;
  handle_owner owner_;  // outlives the handle
  owned<rd_kafka_t> handle_;
};
}  // namespace

std::unique_ptr<log_admin> open_admin(const connection& to) {
  return std::make_unique<admin>(to);
}
}  // namespace skald::kafka
