// The producer: acks=all, idempotent and, unless told otherwise, gapless, so that per partition
// records arrive once and in the order of send(), or not at all and the writer is broken.
#include <array>
#include <set>

#include "outbox/kafka/handle.hpp"

namespace skald::kafka {
namespace {
constexpr int first_look_ms = 1'000;  // for a topic's partitions, once
constexpr std::size_t most_looks = 1'000;
constexpr milliseconds parting_time{200};  // for what is still on its way when a writer is closed

// A broker that does not know the producer yet takes any first batch. With two on their way, one
// refused ("not leader", a topic just made) and the next one taken, librdkafka acks both, and the
// first is in no log (confluent-kafka-go's issue 921). A broker serves a connection's requests one
// by one anyway.
constexpr int requests_in_flight = 1;

// Its topic or partition cannot be written to, whatever the record.
bool is_of_topic(rd_kafka_resp_err_t e) {
  switch (e) {
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return true;
    default:
      return false;
  }
}

// The record itself; said by a broker, some record of its batch.
bool is_of_record(rd_kafka_resp_err_t e) {
  switch (e) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
      return true;
    default:
      return false;
  }
}

class writer final : public log_writer {
 public:
  writer(const connection& to, const writer_settings& s, on_delivery served)
      : served_(std::move(served)), one_a_batch_(s.max_batch_records == 1) {
    const std::array<std::pair<const char*, std::string>, 14> ours{{
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"max.in.flight.requests.per.connection", std::to_string(requests_in_flight)},
        {"enable.gapless.guarantee", s.gapless ? "true" : "false"},
        {"message.timeout.ms", "0"},
        {"partitioner", "murmur2_random"},
        {"compression.codec", s.compression},
        {"queue.buffering.max.ms", std::to_string(s.linger.count())},
        {"queue.buffering.max.messages", std::to_string(s.max_queued)},
        {"queue.buffering.max.kbytes", std::to_string(s.max_queued_kib)},
        {"batch.num.messages", std::to_string(s.max_batch_records)},
        {"message.max.bytes", std::to_string(s.max_record_bytes)},
        {"topic.metadata.propagation.max.ms", std::to_string(s.unknown_topic_after.count())},
        {"delivery.report.only.error", "false"},
    }};
    owner_.self = this;
    auto conf = make_configuration(to, ours, owner_);
    rd_kafka_conf_set_dr_msg_cb(conf.get(), on_report);
    handle_ = make_handle(RD_KAFKA_PRODUCER, std::move(conf));
  }

  ~writer() override {
    served_ = nullptr;
    rd_kafka_flush(handle_.get(), static_cast<int>(parting_time.count()));
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), static_cast<int>(parting_time.count()));
  }

  sent send(string_view topic, string_view key, std::span<const wire::header> headers,
            string_view value, std::uint64_t tag, std::int32_t partition) override {
    auto* kafka_headers = make_headers(headers);
    topic_.assign(topic);
    if (!seen_.contains(topic) && seen_.size() < most_looks) look_for(topic_);
    std::array<rd_kafka_vu_t, 7> parts;
    std::size_t n = 0;
    auto add = [&](rd_kafka_vtype_t type) -> rd_kafka_vu_t& {
      parts[n].vtype = type;
      return parts[n++];
    };
    add(RD_KAFKA_VTYPE_TOPIC).u.cstr = topic_.c_str();
    if (partition >= 0) add(RD_KAFKA_VTYPE_PARTITION).u.i32 = partition;
    auto bytes = [](string_view s) { return const_cast<char*>(s.data()); };
    if (key.data()) add(RD_KAFKA_VTYPE_KEY).u.mem = {bytes(key), key.size()};
    if (value.data()) add(RD_KAFKA_VTYPE_VALUE).u.mem = {bytes(value), value.size()};
    add(RD_KAFKA_VTYPE_MSGFLAGS).u.i = RD_KAFKA_MSG_F_COPY;
    add(RD_KAFKA_VTYPE_OPAQUE).u.ptr = reinterpret_cast<void*>(tag);
    if (kafka_headers) add(RD_KAFKA_VTYPE_HEADERS).u.headers = kafka_headers;

    owned<rd_kafka_error_t> error(rd_kafka_produceva(handle_.get(), parts.data(), n));
    if (!error) return sent::queued;
    if (kafka_headers) rd_kafka_headers_destroy(kafka_headers);
    auto code = rd_kafka_error_code(error.get());
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return sent::full;
    if (is_of_topic(code) || is_of_record(code)) return sent::impossible;
    throw log_error(std::string("The Kafka producer is broken: ") +
                    rd_kafka_error_string(error.get()));
  }

  std::size_t poll() override {
    reports_ = 0;
    rd_kafka_poll(handle_.get(), 0);
    return reports_;
  }

  bool flush(milliseconds at_most) override {
    return rd_kafka_flush(handle_.get(), static_cast<int>(at_most.count())) ==
           RD_KAFKA_RESP_ERR_NO_ERROR;
  }

  std::size_t queued() const override {
    return static_cast<std::size_t>(rd_kafka_outq_len(handle_.get()));
  }

 private:
  // librdkafka looks for a topic it meets at its next tick, up to a second later; this asks at
  // once.
  void look_for(const std::string& topic) {
    seen_.insert(topic);
    const owned<rd_kafka_topic_t> found(rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
    if (!found) return;  // an invalid name: produce says so
    const rd_kafka_metadata_t* answer = nullptr;
    if (!rd_kafka_metadata(handle_.get(), 0, found.get(), &answer, first_look_ms))
      rd_kafka_metadata_destroy(answer);
  }

  static rd_kafka_headers_t* make_headers(std::span<const wire::header> headers) {
    if (headers.empty()) return nullptr;
    auto* made = rd_kafka_headers_new(headers.size());
    for (auto& h : headers)
      rd_kafka_header_add(made, h.name.data(), static_cast<ssize_t>(h.name.size()),
                          h.value.data() ? h.value.data() : "",
                          static_cast<ssize_t>(h.value.size()));
    return made;
  }

  static void on_report(rd_kafka_t*, const rd_kafka_message_t* m, void* opaque) {
    auto& self = *static_cast<writer*>(static_cast<handle_owner*>(opaque)->self);
    ++self.reports_;
    if (!self.served_) return;
    const bool permanent = is_of_topic(m->err) || (self.one_a_batch_ && is_of_record(m->err));
    const auto* error = m->err          ? rd_kafka_err2str(m->err)
                        : m->offset < 0 ? "Acknowledged without a place in the log"
                                        : "";
    self.served_({reinterpret_cast<std::uint64_t>(m->_private), error, permanent});
  }

  on_delivery served_;
  bool one_a_batch_;
  handle_owner owner_;  // outlives the handle
  std::string topic_;
  std::set<std::string, std::less<>> seen_;  // topics
  std::size_t reports_ = 0;
  owned<rd_kafka_t> handle_;
};
}  // namespace

std::unique_ptr<log_writer> open_writer(const connection& to, const writer_settings& settings,
                                        log_writer::on_delivery served) {
  return std::make_unique<writer>(to, settings, std::move(served));
}
}  // namespace skald::kafka
