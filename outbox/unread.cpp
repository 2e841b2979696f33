#include "outbox/unread.hpp"

#include <algorithm>

namespace skald {
void unread_ids::take(std::span<const std::int64_t> ids) {
  next_.clear();
  auto id = ids.begin();
  for (auto [first, last] : ranges_) {
    while (id != ids.end() && *id < first) ++id;
    for (; id != ids.end() && *id <= last; ++id) {
      if (*id > first) next_.push_back({first, *id - 1});
      first = *id + 1;
    }
    if (first <= last) next_.push_back({first, last});
  }
  ranges_.swap(next_);
  join_nearest();
}

void unread_ids::close_up_to(std::int64_t id) {
  std::erase_if(ranges_, [&](auto& r) { return r.last <= id; });
  if (!ranges_.empty()) ranges_.front().first = std::max(ranges_.front().first, id + 1);
}

void unread_ids::join_nearest() {
  if (ranges_.size() <= max_ranges) return;
  // Down to half, so that this is rare: all distances up to the median are closed.
  std::vector<std::int64_t> distances;
  for (std::size_t i = 1; i < ranges_.size(); ++i)
    distances.push_back(ranges_[i].first - ranges_[i - 1].last);
  auto excess = ranges_.size() - max_ranges / 2;
  auto nth = distances.begin() + static_cast<std::ptrdiff_t>(excess - 1);
  std::nth_element(distances.begin(), nth, distances.end());
  next_.assign(1, ranges_.front());
  for (std::size_t i = 1; i < ranges_.size(); ++i) {
    if (ranges_[i].first - next_.back().last <= *nth)
      next_.back().last = ranges_[i].last;
    else
      next_.push_back(ranges_[i]);
  }
  ranges_.swap(next_);
}
}  // namespace skald
