#include "orchestrator/bench/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace skald::bench {
namespace {
// Values below 2 * half are exact; above, each power of two is cut into `half` buckets, so a bucket
// is never wider than 1/1024 of its values.
constexpr int half_bits = 10;
constexpr std::uint64_t half = 1 << half_bits;
}  // namespace

histogram::histogram() : counts_(bucket_of(highest) + 1) {}

std::size_t histogram::bucket_of(std::uint64_t value) {
  if (value < 2 * half) return value;
  const auto shift = static_cast<std::uint64_t>(std::bit_width(value) - half_bits - 1);
  return half * shift + (value >> shift);
}

std::uint64_t histogram::last_of(std::size_t bucket) {
  if (bucket < 2 * half) return bucket;
  const auto shift = bucket / half - 1;
  return ((bucket - half * shift + 1) << shift) - 1;
}

void histogram::record(std::uint64_t value, std::uint64_t times) {
  if (!times) return;
  value = std::min(value, highest);
  counts_[bucket_of(value)] += times;
  count_ += times;
  sum_ += static_cast<double>(value) * static_cast<double>(times);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void histogram::merge(const histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double histogram::mean() const {
  return count_ ? sum_ / static_cast<double>(count_) : 0;
}

std::uint64_t histogram::percentile(double percent) const {
  // A hair less, as 99.9 / 100 * 1000 is more than 999 in floating point.
  const auto share = std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_) - 1e-6;
  const auto wanted = static_cast<std::uint64_t>(std::max(1.0, std::ceil(share)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if ((seen += counts_[i]) >= wanted) return std::min(last_of(i), max_);
  return max_;
}

// count min max sum, then bucket and count of each bucket in use.
std::string histogram::text() const {
  std::ostringstream out;
  out.precision(17);
  out << count_ << ' ' << min_ << ' ' << max_ << ' ' << sum_;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i]) out << ' ' << i << ' ' << counts_[i];
  return out.str();
}

histogram histogram::read(std::string_view text) {
  histogram h;
  std::istringstream in{std::string(text)};
  in >> h.count_ >> h.min_ >> h.max_ >> h.sum_;
  bool good = static_cast<bool>(in);
  std::uint64_t total = 0;
  for (std::size_t bucket = 0; good && in >> bucket;) {
    std::uint64_t times = 0;
    good = bucket < h.counts_.size() && in >> times;
    if (good) total += h.counts_[bucket] = times;
  }
  if (!good || !in.eof() || total != h.count_)
    throw std::invalid_argument("not the text of a histogram");
  return h;
}
}  // namespace skald::bench
