#include "orchestrator/cli/post.hpp"

#include <vector>

#include "orchestrator/cli/kafka.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::cli {
namespace {
constexpr milliseconds acknowledged_within{30'000};
}

post::post(const context& x) : x_(x) {
  writer_ = kafka::open_writer(kafka_of(x), {.unknown_topic_after = acknowledged_within},
                               [this](const log_writer::delivery& told) {
                                 if (!told.error.empty()) problem_ = told.error;
                               });
}
post::~post() = default;

requests::sender post::from() const {
  return {x_.settings.text("prefix"), "/skald/cli"};
}

void post::send(const requests::record& r) {
  std::vector<wire::header> headers;
  for (const auto& [name, value] : r.headers) headers.push_back({name, value});
  auto sent = writer_->send(r.topic, r.key, headers, r.value, 0);
  if (sent == log_writer::sent::full) {
    deliver();
    sent = writer_->send(r.topic, r.key, headers, r.value, 0);
  }
  if (sent != log_writer::sent::queued)
    throw failure(failed, "a record of " + std::to_string(r.value.size()) +
                              " bytes cannot be sent to topic " + r.topic +
                              ": it is too large, or the topic's name is not one");
}

void post::deliver() {
  if (!writer_->flush(acknowledged_within) && problem_.empty())
    throw failure(unreachable, "Kafka at " + required(x_, "kafka") +
                                   " has not taken what was sent; check the address, and that the "
                                   "broker runs");
  if (!problem_.empty()) throw failure(failed, "Kafka refuses what was sent: " + problem_);
}
}  // namespace skald::cli
