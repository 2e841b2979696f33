// Time for decisions: the database's clock as of the last commit, carried on by this machine's
// steady clock. A node's wall clock decides nothing.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

namespace skald {
class batch_clock {
 public:
  using steady = std::chrono::steady_clock;

  // `now_ms` is what the database just answered.
  void set(std::int64_t now_ms, steady::time_point at = steady::now()) {
    database_ms_ = now_ms;
    set_at_ = at;
  }
  // Milliseconds since 1970; never behind an earlier answer of this object.
  std::int64_t now_ms(steady::time_point at = steady::now()) {
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(at - set_at_);
    last_ms_ = std::max(last_ms_, database_ms_ + passed.count());
    return last_ms_;
  }

 private:
  std::int64_t database_ms_ = 0, last_ms_ = 0;
  steady::time_point set_at_ = steady::now();
};
}  // namespace skald
