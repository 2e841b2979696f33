// Waiting for something in the database without holding a thread: asked again and again, less and
// less often.
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "orchestrator/http/message.hpp"

namespace skald::api {
using milliseconds = std::chrono::milliseconds;
inline constexpr milliseconds first_pause{20}, longest_pause{1'000};

// `look(last)`: the answer, or nothing yet; when `last` the time is over and it must answer.
template <class Look>
http::response patiently(milliseconds wait, Look look) {
  struct turn {
    Look look;
    std::chrono::steady_clock::time_point until;
    http::response take(milliseconds pause) const {
      const auto left = std::chrono::duration_cast<milliseconds>(
          until - std::chrono::steady_clock::now());
      if (auto answer = look(left.count() <= 0)) return std::move(*answer);
      http::response not_yet;
      not_yet.again_after = std::clamp(pause, milliseconds(1), std::max(left, milliseconds(1)));
      not_yet.again = [self = *this, next = std::min(pause * 3 / 2, longest_pause)] {
        return self.take(next);
      };
      return not_yet;
    }
  };
  return turn{std::move(look), std::chrono::steady_clock::now() + wait}.take(first_pause);
}
}  // namespace skald::api
