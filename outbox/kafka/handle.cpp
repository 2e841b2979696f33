#include "outbox/kafka/handle.hpp"

#include <cstring>

#include "outbox/kafka/version.hpp"

namespace skald::kafka {
namespace {
constexpr int first_version_with_good_scram = 0x020601ff;

void set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  char why[256];
  if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    throw log_error("The Kafka property " + name + " cannot be set: " + why);
}

void refuse_broken_scram(const std::string& name, const std::string& value) {
  if (name != "sasl.mechanism" && name != "sasl.mechanisms") return;
  if (!value.starts_with("SCRAM") || scram_works()) return;
  throw log_error("SASL " + value + " needs librdkafka 2.6.1 or newer, and this one is " +
                  rd_kafka_version_str() +
                  ": its log-in is refused by Kafka 4. Use mTLS (ssl.* properties) instead, or "
                  "run skald with a newer librdkafka.");
}

void on_log(const rd_kafka_t* rk, int severity, const char* facility, const char* text) {
  auto* owner = rk ? static_cast<handle_owner*>(rd_kafka_opaque(rk)) : nullptr;
  if (std::strstr(text, "enable.gapless.guarantee is experimental")) return;  // and meant
  if (owner && owner->log && !owner->silent)
    owner->log(severity, std::string(facility) + ": " + text);
}

void on_error(rd_kafka_t*, int error, const char* reason, void* opaque) {
  auto* owner = static_cast<handle_owner*>(opaque);
  auto name = rd_kafka_err2name(static_cast<rd_kafka_resp_err_t>(error));
  if (owner && owner->log) owner->log(4, std::string(name) + ": " + reason);
}
}  // namespace

std::string library_version() {
  return rd_kafka_version_str();
}

bool scram_works() {
  return rd_kafka_version() >= first_version_with_good_scram;
}

owned<rd_kafka_conf_t> make_configuration(const connection& to, properties ours,
                                          handle_owner& owner) {
  if (to.bootstrap.empty())
    throw log_error("No Kafka address is configured: give at least one host:port.");
  owned<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  set(conf.get(), "bootstrap.servers", to.bootstrap);
  set(conf.get(), "client.id", to.client_id);
  set(conf.get(), "reconnect.backoff.max.ms", "2000");
  set(conf.get(), "log.connection.close", "false");
  for (auto& [name, value] : ours) set(conf.get(), name, value);
  for (auto& [name, value] : to.extra) {
    refuse_broken_scram(name, value);
    for (auto& [taken, by_us] : ours)
      if (name == taken)
        throw log_error("The Kafka property " + name + " is decided by skald (" + by_us +
                        "): remove it from the configuration.");
    set(conf.get(), name, value);
  }
  owner.log = to.log;
  rd_kafka_conf_set_opaque(conf.get(), &owner);
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_error_cb(conf.get(), on_error);
  return conf;
}

owned<rd_kafka_t> make_handle(rd_kafka_type_t type, owned<rd_kafka_conf_t> conf) {
  char why[512];
  auto* rk = rd_kafka_new(type, conf.get(), why, sizeof why);
  if (!rk) throw log_error(std::string("The Kafka client cannot be set up: ") + why);
  (void)conf.release();  // belongs to the handle now
  return owned<rd_kafka_t>(rk);
}

partition_list make_list(std::span<const partition> partitions) {
  partition_list list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
  for (auto& p : partitions) rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.no);
  return list;
}

partition_list make_list(std::span<const position> positions) {
  partition_list list(rd_kafka_topic_partition_list_new(static_cast<int>(positions.size())));
  for (auto& [p, offset] : positions)
    rd_kafka_topic_partition_list_add(list.get(), p.topic.c_str(), p.no)->offset = offset;
  return list;
}

void refuse(const std::string& what, rd_kafka_resp_err_t error) {
  throw log_error(what + ": " + rd_kafka_err2str(error));
}

void check(const std::string& what, rd_kafka_resp_err_t error) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) refuse(what, error);
}

void check(const std::string& what, rd_kafka_error_t* error) {
  owned<rd_kafka_error_t> taken(error);
  if (error) throw log_error(what + ": " + rd_kafka_error_string(error));
}
}  // namespace skald::kafka
