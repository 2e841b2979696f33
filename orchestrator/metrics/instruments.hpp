// What can be measured: a counter, a gauge, a histogram. Relaxed atomics, written by any thread
// and read at any time; an increment is all that they cost.
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <span>

namespace skald {
class counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
 public:
  void set(double to) { value_.store(to, std::memory_order_relaxed); }
  void add(double by) { value_.fetch_add(by, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Where a histogram's buckets end, in whole ticks, rising: milliseconds, say, and 1,000 of them in
// the second that is shown. `ends` must live for ever.
struct buckets {
  std::span<const std::uint64_t> ends;
  double ticks_per_unit = 1;
};

class histogram {
 public:
  static constexpr std::size_t most_buckets = 20;

  // Asserts that there are at most `most_buckets`.
  explicit histogram(const buckets&);

  // Below zero (a clock that went back) is zero.
  void observe(std::int64_t ticks) {
    const auto at = static_cast<std::uint64_t>(std::max<std::int64_t>(ticks, 0));
    const auto end = std::lower_bound(shape_.ends.begin(), shape_.ends.end(), at);
    counts_[static_cast<std::size_t>(end - shape_.ends.begin())].add();
    sum_.add(at);
  }

  const buckets& shape() const { return shape_; }
  std::uint64_t in_bucket(std::size_t i) const { return counts_[i].value(); }
  double sum() const { return static_cast<double>(sum_.value()) / shape_.ticks_per_unit; }

 private:
  const buckets shape_;
  std::array<counter, most_buckets + 1> counts_;  // the last in use is open
  counter sum_;
};
}  // namespace skald
