// Membership of a consumer group, for one topic: who owns which partitions. Fetches nothing.
#pragma once
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "outbox/kafka/handle.hpp"

namespace skald::kafka {
struct join_progress {
  std::atomic<bool> answered{false};   // ever
  std::atomic<bool> under_way{false};  // from the request until the share has come
};

class member {
 public:
  // Joins; `told` hears of what is gained and lost, from serve() and the destructor. `wake_fd`, an
  // eventfd, turns readable when serve() has something to do. Throws log_error.
  member(const connection&, const reader_settings&, const std::string& topic,
         log_reader::ownership told, int wake_fd);
  ~member();  // leaves: what is held is lost. Waits a few seconds at most
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  bool serve();  // never waits; true: there is nothing more. Throws log_error
  void commit(std::span<const position>);  // now, or by serve() once no join is under way

 private:
  // What must stay when the handle cannot be destroyed.
  struct kept_alive {
    handle_owner owner;
    join_progress join;
    owned<rd_kafka_t> handle;  // first to go
  };
  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*,
                           void* opaque);
  rd_kafka_t* native() const { return kept_->handle.get(); }
  bool may_be_destroyed() const;
  void keep_awake();
  void wait_for_assignment();
  void say_goodbye();
  bool close();

  const connection to_;
  const reader_settings settings_;
  log_reader::ownership told_;
  std::vector<partition> held_;
  std::map<partition, std::int64_t> uncommitted_;
  bool assigned_once_ = false;
  std::chrono::steady_clock::time_point next_question_{};
  std::unique_ptr<kept_alive> kept_;
};
}  // namespace skald::kafka
