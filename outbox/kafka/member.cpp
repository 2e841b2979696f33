#include "outbox/kafka/member.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

namespace skald::kafka {
namespace {
using steady = std::chrono::steady_clock;
constexpr int heartbeats_a_session = 10;  // by them a member learns that others come or go
constexpr int turn_ms = 10;
constexpr int max_events = 100;  // of one serve()
constexpr std::chrono::milliseconds question_every{100};
constexpr std::int16_t join_group = 11, sync_group = 14;  // their numbers in Kafka's protocol

// Each step of a leave; then the session's end must tell the others.
constexpr auto patience = std::chrono::seconds(2);

// librdkafka aborts the process when a cooperative member is destroyed that was answered its join
// but never its first assignment (its issue 4312). Such a handle is closed and stays.
constexpr int first_version_that_frees_it = 0x020300ff;
constexpr std::size_t max_undying = 64;  // a few threads and sockets each

std::vector<partition> to_partitions(const rd_kafka_topic_partition_list_t& list) {
  std::vector<partition> all;
  for (int i = 0; i < list.cnt; ++i) all.push_back({list.elems[i].topic, list.elems[i].partition});
  return all;
}

// Handles that cannot be destroyed, with what their threads still use.
class undying {
 public:
  static undying& all() {
    static auto& only = *new undying;  // never destroyed itself
    return only;
  }
  void add(std::shared_ptr<void> one) {
    const std::lock_guard lock(guard_);
    kept_.push_back(std::move(one));
  }
  std::size_t count() {
    const std::lock_guard lock(guard_);
    return kept_.size();
  }

 private:
  std::mutex guard_;
  std::vector<std::shared_ptr<void>> kept_;
};

// Sees a join as it is sent, and its answers before librdkafka acts on them.
rd_kafka_resp_err_t on_request(rd_kafka_t*, int, const char*, std::int32_t, std::int16_t api,
                               std::int16_t, std::int32_t, std::size_t, void* progress) {
  if (api == join_group) static_cast<join_progress*>(progress)->under_way = true;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
rd_kafka_resp_err_t on_response(rd_kafka_t*, int, const char*, std::int32_t, std::int16_t api,
                                std::int16_t, std::int32_t, std::size_t, std::int64_t,
                                rd_kafka_resp_err_t, void* progress) {
  if (api == join_group) static_cast<join_progress*>(progress)->answered = true;
  if (api == sync_group) static_cast<join_progress*>(progress)->under_way = false;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}
rd_kafka_resp_err_t on_new(rd_kafka_t* rk, const rd_kafka_conf_t*, void* progress, char*,
                           std::size_t) {
  rd_kafka_interceptor_add_on_request_sent(rk, "skald", on_request, progress);
  return rd_kafka_interceptor_add_on_response_received(rk, "skald", on_response, progress);
}

// Calls `turn` until it is true or the patience is over.
template <class Turn>
bool within_patience(Turn turn) {
  const auto end = steady::now() + patience;
  while (!turn())
    if (steady::now() >= end) return false;
  return true;
}
}  // namespace

member::member(const connection& to, const reader_settings& settings, const std::string& topic,
               log_reader::ownership told, int wake_fd)
    : to_(to), settings_(settings), told_(std::move(told)), kept_(std::make_unique<kept_alive>()) {
  if (undying::all().count() >= max_undying)
    throw log_error(
        "Too many memberships of Kafka groups were ended before they had begun: "
        "restart this process.");
  const std::array<std::pair<const char*, std::string>, 9> ours{{
      {"group.id", settings_.group},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"partition.assignment.strategy", "cooperative-sticky"},
      {"session.timeout.ms", std::to_string(settings_.session.count())},
      {"heartbeat.interval.ms", std::to_string(settings_.session.count() / heartbeats_a_session)},
      {"max.poll.interval.ms", std::to_string(settings_.max_poll_gap.count())},
      {"group.instance.id", settings_.member},  // last: left out when there is none
  }};
  const properties all(ours);
  kept_->owner.self = this;
  auto conf = make_configuration(to_, settings_.member.empty() ? all.first(all.size() - 1) : all,
                                 kept_->owner);
  rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
  check("Kafka group",
        rd_kafka_conf_interceptor_add_on_new(conf.get(), "skald", on_new, &kept_->join));
  kept_->handle = make_handle(RD_KAFKA_CONSUMER, std::move(conf));
  check("Kafka group", rd_kafka_poll_set_consumer(native()));
  const owned<rd_kafka_queue_t> queue(rd_kafka_queue_get_consumer(native()));
  const std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue.get(), wake_fd, &one, sizeof one);
  const std::array<partition, 1> wanted{{{topic, RD_KAFKA_PARTITION_UA}}};
  check("The group of topic " + topic + " cannot be joined",
        rd_kafka_subscribe(native(), make_list(std::span<const partition>(wanted)).get()));
}

member::~member() {
  {
    const owned<rd_kafka_queue_t> queue(rd_kafka_queue_get_consumer(native()));
    rd_kafka_queue_io_event_enable(queue.get(), -1, nullptr, 0);
  }
  if (!may_be_destroyed()) wait_for_assignment();
  if (!settings_.member.empty()) say_goodbye();
  const bool closed = close();
  if (!held_.empty() && told_.lost) told_.lost(std::exchange(held_, {}));
  if (closed && may_be_destroyed()) return;
  kept_->owner.silent = true;
  undying::all().add(std::move(kept_));
}

bool member::may_be_destroyed() const {
  return assigned_once_ || !kept_->join.answered ||
         rd_kafka_version() >= first_version_that_frees_it;
}

void member::wait_for_assignment() {
  within_patience([&] {
    owned<rd_kafka_message_t>(rd_kafka_consumer_poll(native(), turn_ms));
    return assigned_once_;
  });
}

// close() keeps a named member's place, for it to come back to; unsubscribing gives it up. Its id
// is gone as soon as the broker is told.
void member::say_goodbye() {
  if (rd_kafka_unsubscribe(native())) return;
  within_patience([&] {
    owned<rd_kafka_message_t>(rd_kafka_consumer_poll(native(), turn_ms));
    const std::unique_ptr<char, decltype(&std::free)> id(rd_kafka_memberid(native()), &std::free);
    return !id || !*id;
  });
}

// Calls on_rebalance for what is held. False: librdkafka hangs in it.
bool member::close() {
  const owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(native()));
  const owned<rd_kafka_error_t> refused(rd_kafka_consumer_close_queue(native(), queue.get()));
  if (refused) return false;
  return within_patience([&] {
    rd_kafka_queue_poll_callback(queue.get(), turn_ms);
    return rd_kafka_consumer_closed(native()) == 1;
  });
}

void member::on_rebalance(rd_kafka_t* rk, rd_kafka_resp_err_t error,
                          rd_kafka_topic_partition_list_t* list, void* opaque) {
  auto& self = *static_cast<member*>(static_cast<handle_owner*>(opaque)->self);
  const partition_list nothing(rd_kafka_topic_partition_list_new(0));
  auto moved = to_partitions(*list);
  if (error == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.assigned_once_ = true;
    owned<rd_kafka_error_t>(rd_kafka_incremental_assign(rk, nothing.get()));
    self.held_.insert(self.held_.end(), moved.begin(), moved.end());
    if (self.told_.gained && !moved.empty()) self.told_.gained(moved);
    return;
  }
  for (auto& p : moved) std::erase(self.held_, p);
  if (self.told_.lost && !moved.empty()) self.told_.lost(moved);
  self.commit({});
  for (auto& p : moved) self.uncommitted_.erase(p);  // their next owner's
  self.kept_->join.under_way = true;                 // by what comes next
  owned<rd_kafka_error_t>(rd_kafka_incremental_unassign(rk, nothing.get()));
}

// Behind a join on its connection the broker refuses a commit, its generation being over, and
// librdkafka gives up all that it holds: 2 of 4 partitions moved, and the other 2 for nothing.
void member::commit(std::span<const position> positions) {
  for (const auto& p : positions) uncommitted_[p.partition] = p.offset;
  if (uncommitted_.empty() || kept_->join.under_way) return;
  std::vector<position> all;
  for (const auto& [p, offset] : uncommitted_) all.push_back({p, offset});
  uncommitted_.clear();
  rd_kafka_commit(native(), make_list(all).get(), 1);
}

// A join that came to nothing is tried again after a second, but librdkafka looks only once a
// second whether it is over, and sleeps meanwhile: a question wakes it.
void member::keep_awake() {
  if (assigned_once_ || steady::now() < next_question_) return;
  next_question_ = steady::now() + question_every;
  std::free(rd_kafka_memberid(native()));
}

bool member::serve() {
  keep_awake();
  for (int i = 0; i < max_events; ++i) {
    const owned<rd_kafka_message_t> event(rd_kafka_consumer_poll(native(), 0));
    if (!event) {
      commit({});
      return true;
    }
    char why[256];
    if (rd_kafka_fatal_error(native(), why, sizeof why) == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
      throw log_error("Another process joined group " + settings_.group + " as '" +
                      settings_.member + "': give each service on a machine its own node name.");
    if (event->err == RD_KAFKA_RESP_ERR__FATAL || event->err == RD_KAFKA_RESP_ERR__AUTHENTICATION ||
        event->err == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
        event->err == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      throw log_error("Kafka does not let this process into group " + settings_.group + ": " +
                      rd_kafka_message_errstr(event.get()));
    if (to_.log) to_.log(4, std::string("group: ") + rd_kafka_message_errstr(event.get()));
  }
  return false;
}
}  // namespace skald::kafka
