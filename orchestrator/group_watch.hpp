// Finds shards that nobody owns though the group is at rest, and has a member join anew, so that
// they are shared out. It happens when a member dies between the two rounds of a cooperative
// rebalance and comes back under its name (KIP-345, KIP-429): it gets its old share back without a
// round, and nobody asks for what was to be handed over.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "orchestrator/loop.hpp"

namespace skald {
class group_watch {
 public:
  using shards = std::vector<std::int32_t>;

  // `look` says which shards have no owner at this moment; two looks in a row, `every` apart, have
  // to agree. `rejoin` is told which. Both are called from a thread of its own; what they throw
  // goes to `report`.
  group_watch(std::chrono::milliseconds every, std::function<shards()> look,
              std::function<void(const shards&)> rejoin,
              std::function<void(const std::string&)> report)
      : look_(std::move(look)),
        rejoin_(std::move(rejoin)),
        loop_(
            every, [this] { turn(); }, std::move(report)) {}

  void start() { loop_.start(); }
  void stop() { loop_.stop(); }  // waits; a second one is nothing

  void turn() {  // one look, instead of start()
    auto now = look_();
    if (!now.empty() && now == before_) {
      rejoin_(now);
      now.clear();  // it takes a while
    }
    before_ = std::move(now);
  }

 private:
  const std::function<shards()> look_;
  const std::function<void(const shards&)> rejoin_;
  shards before_;
  loop loop_;  // first to go
};
}  // namespace skald
