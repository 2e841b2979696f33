// Latencies in log-linear buckets: every value to within 0.1 %, in a fixed 256 KiB.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald::bench {
// Values are what the caller says they are; the load generator counts microseconds.
class histogram {
 public:
  static constexpr std::uint64_t highest = (std::uint64_t{1} << 41) - 1;  // 25 days in microseconds

  histogram();

  void record(std::uint64_t value, std::uint64_t times = 1);  // above `highest`: counted as that
  void merge(const histogram&);

  std::uint64_t count() const { return count_; }
  std::uint64_t min() const { return count_ ? min_ : 0; }
  std::uint64_t max() const { return max_; }
  double mean() const;

  // The value that `percent` of all values do not exceed, rounded up within its bucket;
  // 0 when nothing was recorded.
  std::uint64_t percentile(double percent) const;

  // For the way between two processes. `read` throws std::invalid_argument on any other text.
  std::string text() const;
  static histogram read(std::string_view text);

 private:
  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t last_of(std::size_t bucket);  // the highest value that falls into it

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0, min_ = ~std::uint64_t{0}, max_ = 0;
  double sum_ = 0;
};
}  // namespace skald::bench
