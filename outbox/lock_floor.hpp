// Which ids of the outbox can be missing no longer. Pure.
//
// An insert locks the table before it takes an id. So when everybody who held that lock after the
// sequence stood at L has ended, each id up to L is visible or dead.
#pragma once
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace skald {
class lock_floor {
 public:
  // `last_id` was read from the sequence before `holders`, the transactions that hold the lock.
  // Returns the settled id: a snapshot taken after this call sees all rows up to it that will
  // ever be.
  std::optional<std::int64_t> observe(std::int64_t last_id, std::vector<std::string> holders) {
    std::optional<std::int64_t> settled;
    auto still_there = [&](auto& h) {
      return std::find(holders.begin(), holders.end(), h) != holders.end();
    };
    if (waiting_ && std::any_of(waiting_->holders.begin(), waiting_->holders.end(), still_there))
      return settled;
    if (waiting_) settled = waiting_->id;
    waiting_.reset();
    if (holders.empty())
      settled = last_id;
    else
      waiting_ = candidate{last_id, std::move(holders)};
    return settled;
  }

 private:
  struct candidate {
    std::int64_t id;
    std::vector<std::string> holders;
  };
  std::optional<candidate> waiting_;
};
}  // namespace skald
