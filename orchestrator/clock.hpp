// Time for decisions: the database's clock as of the last commit, carried on by this machine's
// steady clock. A node's wall clock decides nothing.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>

namespace skald {
class batch_clock {
 public:
  using steady = std::chrono::steady_clock;

  // `steady_now`: the machine's steady clock, or that of a simulated machine.
  explicit batch_clock(std::function<steady::time_point()> steady_now = &steady::now)
      : steady_now_(std::move(steady_now)), set_at_(steady_now_()) {}

  // `now_ms` is what the database just answered.
  void set(std::int64_t now_ms) {
    database_ms_ = now_ms;
    set_at_ = steady_now_();
  }
  // Milliseconds since 1970; never behind an earlier answer of this object.
  std::int64_t now_ms() {
    using std::chrono::milliseconds;
    const auto passed = std::chrono::duration_cast<milliseconds>(steady_now_() - set_at_);
    last_ms_ = std::max(last_ms_, database_ms_ + passed.count());
    return last_ms_;
  }
  // For what must merely wait.
  steady::time_point steady_now() const { return steady_now_(); }

 private:
  const std::function<steady::time_point()> steady_now_;
  std::int64_t database_ms_ = 0, last_ms_ = 0;
  steady::time_point set_at_;
};
}  // namespace skald
