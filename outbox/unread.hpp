// Which ids of the outbox are still to be read. Commits come out of id order, so behind the last
// id read there are gaps: rows not yet committed, or never to be. Pure.
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace skald {
class unread_ids {
 public:
  static constexpr std::size_t max_ranges = 1'000;
  static constexpr std::int64_t last_id = std::numeric_limits<std::int64_t>::max();

  struct range {
    std::int64_t first, last;  // both included
    bool operator==(const range&) const = default;
  };

  // Ascending, apart from each other, the last one open-ended. When there would be more than
  // max_ranges, the nearest are joined: then ids that were taken before may be read again.
  const std::vector<range>& ranges() const { return ranges_; }

  void take(std::span<const std::int64_t> ascending_ids);  // they are read
  void close_up_to(std::int64_t id);                       // none of these will come any more

 private:
  void join_nearest();
  std::vector<range> ranges_{{1, last_id}}, next_;
};
}  // namespace skald
