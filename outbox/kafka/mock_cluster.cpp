#include "outbox/kafka/mock_cluster.hpp"

#include "outbox/kafka/handle.hpp"

// Needs rdkafka.h before it.
#include <librdkafka/rdkafka_mock.h>

namespace skald::kafka {
namespace {
// Their numbers in Kafka's protocol.
constexpr std::int16_t produce = 0;
constexpr std::int16_t offset_fetch = 9;

struct cluster_freed {
  void operator()(rd_kafka_mock_cluster_t* c) const { rd_kafka_mock_cluster_destroy(c); }
};
}  // namespace

struct mock_cluster::state {
  int brokers;
  owned<rd_kafka_t> handle;  // only hosts the cluster
  std::unique_ptr<rd_kafka_mock_cluster_t, cluster_freed> cluster;
};

mock_cluster::mock_cluster(int brokers) : state_(new state{brokers, {}, {}}) {
  owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  rd_kafka_conf_set_log_cb(conf.get(), nullptr);
  state_->handle = make_handle(RD_KAFKA_PRODUCER, std::move(conf));
  state_->cluster.reset(rd_kafka_mock_cluster_new(state_->handle.get(), brokers));
  if (!state_->cluster) throw log_error("The embedded Kafka cannot be started.");
}
mock_cluster::~mock_cluster() = default;

std::string mock_cluster::bootstrap() const {
  return rd_kafka_mock_cluster_bootstraps(state_->cluster.get());
}

void mock_cluster::create_topic(const std::string& topic, int partitions) {
  check("Topic " + topic + " cannot be created in the embedded Kafka",
        rd_kafka_mock_topic_create(state_->cluster.get(), topic.c_str(), partitions,
                                   state_->brokers));
}

void mock_cluster::set_down(bool down) {
  for (int id = 1; id <= state_->brokers; ++id)
    check("The embedded Kafka does not obey",
          down ? rd_kafka_mock_broker_set_down(state_->cluster.get(), id)
               : rd_kafka_mock_broker_set_up(state_->cluster.get(), id));
}

void mock_cluster::set_leader(const std::string& topic, int partition, bool has_one) {
  check("The embedded Kafka does not obey",
        rd_kafka_mock_partition_set_leader(state_->cluster.get(), topic.c_str(), partition,
                                           has_one ? 1 : -1));
}

void mock_cluster::refuse_batch_once() {
  rd_kafka_mock_push_request_errors(state_->cluster.get(), produce, 1,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
}

void mock_cluster::call_batch_a_repeat_once() {
  rd_kafka_mock_push_request_errors(state_->cluster.get(), produce, 1,
                                    RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
}

void mock_cluster::set_delay(std::chrono::milliseconds delay) {
  for (int id = 1; id <= state_->brokers; ++id)
    check("The embedded Kafka does not obey",
          rd_kafka_mock_broker_set_rtt(state_->cluster.get(), id, static_cast<int>(delay.count())));
}

void mock_cluster::refuse_offsets_once() {
  rd_kafka_mock_push_request_errors(state_->cluster.get(), offset_fetch, 1,
                                    RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED);
}
}  // namespace skald::kafka
