// librdkafka's objects with owners, and its configuration with skald's sentences.
#pragma once
#include <librdkafka/rdkafka.h>

#include <atomic>
#include <memory>
#include <span>
#include <string>

#include "outbox/kafka/connection.hpp"

namespace skald::kafka {
struct freed {
  void operator()(rd_kafka_t* k) const { rd_kafka_destroy(k); }
  void operator()(rd_kafka_queue_t* q) const { rd_kafka_queue_destroy(q); }
  void operator()(rd_kafka_conf_t* c) const { rd_kafka_conf_destroy(c); }
  void operator()(rd_kafka_topic_t* t) const { rd_kafka_topic_destroy(t); }
  void operator()(rd_kafka_message_t* m) const { rd_kafka_message_destroy(m); }
  void operator()(rd_kafka_event_t* e) const { rd_kafka_event_destroy(e); }
  void operator()(rd_kafka_AdminOptions_t* o) const { rd_kafka_AdminOptions_destroy(o); }
  void operator()(rd_kafka_error_t* e) const { rd_kafka_error_destroy(e); }
  void operator()(rd_kafka_topic_partition_list_t* l) const {
    rd_kafka_topic_partition_list_destroy(l);
  }
};
template <class T>
using owned = std::unique_ptr<T, freed>;
using partition_list = owned<rd_kafka_topic_partition_list_t>;

// What librdkafka's callbacks get as their opaque. Must outlive the handle.
struct handle_owner {
  log_sink log;
  std::atomic<bool> silent{false};  // `log` is not called any more
  void* self = nullptr;
};

using properties = std::span<const std::pair<const char*, std::string>>;

// The connection's properties with `ours` above them. `extra` must not name one of `ours`.
owned<rd_kafka_conf_t> make_configuration(const connection&, properties ours, handle_owner&);
owned<rd_kafka_t> make_handle(rd_kafka_type_t, owned<rd_kafka_conf_t>);

partition_list make_list(std::span<const partition>);
partition_list make_list(std::span<const position>);

// Throws a log_error "<what>: <librdkafka's reason>".
[[noreturn]] void refuse(const std::string& what, rd_kafka_resp_err_t);
void check(const std::string& what, rd_kafka_resp_err_t);
void check(const std::string& what, rd_kafka_error_t*);  // takes it
}  // namespace skald::kafka
