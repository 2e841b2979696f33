// A reader of the simulated log. What its group says waits until its next poll.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "orchestrator/simulate/log.hpp"

namespace skald::sim {
class member final : public log_reader {
 public:
  member(cluster& c, std::size_t which) : process(which), cluster_(c) {}
  ~member() override { cluster_.forget(*this); }

  void join(const std::string& topic, ownership told) override;
  void leave() override;
  void assign(std::span<const position> more) override;
  void forget(std::span<const partition>) override;
  void seek(std::span<const position>) override;
  void pause(std::span<const partition> some) override { set_paused(some, true); }
  void resume(std::span<const partition> some) override { set_paused(some, false); }
  void poll(std::vector<wire::record>& out, std::size_t max_records,
            std::size_t max_bytes) override;
  int wake_fd() const override { return -1; }
  void wait(milliseconds) override {}
  void commit_for_lag_tools(std::span<const position>) override {}

  const std::size_t process;
  bool away = false;

  // From the group.
  const std::string& topic() const { return topic_; }
  void gain(const partition& p) { news_.push_back({p, true, 0}); }
  void lose(const partition& p, int late) { news_.push_back({p, false, late}); }
  void hear();  // all of it, at once

 private:
  struct assignment {
    log_partition* from = nullptr;
    std::int64_t next = 0;
    bool paused = false, lost = false;
  };
  struct news {
    skald::partition partition;
    bool gained = false;
    int polls = 0;  // to wait
  };

  void set_paused(std::span<const partition>, bool paused);
  void take(const partition&, assignment&, std::vector<wire::record>& out, std::size_t most,
            std::size_t& bytes, std::size_t max_bytes);

  cluster& cluster_;
  std::string topic_;
  ownership told_;
  std::vector<news> news_;
  std::map<partition, assignment> assigned_;
  std::deque<wire::frame> frames_;  // behind the records of the last poll
  std::size_t used_frames_ = 0;
};
}  // namespace skald::sim
