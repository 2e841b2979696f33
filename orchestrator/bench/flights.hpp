// Which sagas are under way, since when, and when the next one is to be started.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace skald::bench {
using instant = std::chrono::steady_clock::time_point;
using std::chrono::nanoseconds;

inline constexpr std::size_t max_in_flight = 500'000;  // an overloaded open loop stops here

// Closed loop: `window` sagas are kept in flight. Open loop: saga k is due at start + k / rate,
// whatever became of the others: a service that stalls does not make its load wait for it.
struct pace {
  std::size_t window = 0;
  double per_second = 0;  // open loop when above 0

  bool open() const { return per_second > 0; }
  instant due(instant start, std::uint64_t k) const {
    return start +
           nanoseconds(static_cast<std::int64_t>(static_cast<double>(k) / per_second * 1e9));
  }
  // How many of the sagas from `sent` on shall be started now.
  std::uint64_t wanted(instant start, instant now, std::uint64_t sent,
                       std::size_t in_flight) const {
    if (in_flight >= max_in_flight) return 0;
    if (!open()) return window > in_flight ? window - in_flight : 0;
    const auto due = due_by(start, now);
    return std::min<std::uint64_t>(due > sent ? due - sent : 0, max_in_flight - in_flight);
  }
  // How many sagas of an open loop are due by then.
  std::uint64_t due_by(instant start, instant now) const {
    const auto passed = std::chrono::duration<double>(now - start).count();
    return static_cast<std::uint64_t>(std::max(0.0, passed) * per_second) + 1;
  }
};

// Sagas by number. A latency runs from when the saga was due, not from when it was sent.
class flights {
 public:
  void start(std::uint64_t no, instant due) { since_.emplace(no, due); }
  // Nothing when the saga is not under way: its end was told twice.
  std::optional<nanoseconds> end(std::uint64_t no, instant now) {
    const auto found = since_.find(no);
    if (found == since_.end()) return {};
    const auto took = now - found->second;
    since_.erase(found);
    return took;
  }
  std::size_t size() const { return since_.size(); }

 private:
  std::unordered_map<std::uint64_t, instant> since_;
};
}  // namespace skald::bench
