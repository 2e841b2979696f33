// The simulated Kafka behind the seam outbox/log.hpp: topics and partitions in memory, one consumer
// group whose partitions move when the simulator says so. One thread; what is lost, late or short
// is drawn from the run's faults.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/simulate/faults.hpp"
#include "outbox/frame.hpp"
#include "outbox/log.hpp"

namespace skald::sim {
struct log_record {
  std::string packed;  // a frame
  bool has_key = true, has_value = true;
};
struct log_partition {
  std::vector<log_record> records;
  std::int64_t end() const { return static_cast<std::int64_t>(records.size()); }
};
struct log_topic {
  std::string name;
  std::deque<log_partition> partitions;
};

class member;  // a reader of the group

class cluster {
 public:
  explicit cluster(fault_mix* mix = nullptr) : mix_(mix) {}

  log_topic& make_topic(const std::string& name, std::int32_t partitions);  // twice is legal
  log_topic* find(std::string_view name);
  const std::map<std::string, log_topic, std::less<>>& topics() const { return topics_; }
  // Appends one record; the partition by its key unless it is given. False: no such topic.
  bool append(std::string_view topic, std::string_view key, std::span<const wire::header>,
              std::string_view value, std::int32_t partition = -1);
  bool append_packed(std::string_view topic, std::string_view key, std::string frame,
                     std::int32_t partition = -1);

  std::unique_ptr<log_writer> open_writer(log_writer::on_delivery);
  std::unique_ptr<log_reader> open_reader(std::size_t process = 0);
  std::unique_ptr<log_admin> open_admin();

  // Deals the partitions of the group's topic to its members anew; who loses some hears of it only
  // at his `late`-th poll from now.
  void rebalance(dice&, int late);
  void enter(member&);
  void leave(member&);
  // The group waits no longer for this process's readers; they hear of it when they go on.
  void send_away(std::size_t process);
  void take_back(std::size_t process);
  // It is gone, and does not say so.
  void forget(member&);

  // What was appended, and where.
  std::function<void(const log_topic&, std::int32_t partition, std::int64_t offset)> appended;

  bool happens(fault f) const { return mix_ && mix_->happens(f); }
  dice* of(fault f) const { return mix_ ? &mix_->of(f) : nullptr; }

 private:
  log_partition* place(std::string_view topic, std::string_view key, std::int32_t& partition,
                       log_topic*& found);
  void deal(dice*, int late);

  fault_mix* mix_;
  std::map<std::string, log_topic, std::less<>> topics_;
  std::vector<member*> members_;
  std::map<partition, member*> owners_;
};
}  // namespace skald::sim
