// "Did you mean": the known word nearest to a misspelt one, or empty when none is near.
#pragma once
#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <vector>

namespace skald {
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

template <class Words>
std::string_view nearest(std::string_view word, const Words& known) {
  constexpr std::size_t longest_compared = 64, furthest = 2;
  std::string_view best;
  auto least = furthest + 1;
  if (word.size() > longest_compared) return best;
  for (std::string_view k : known) {
    if (std::max(word.size(), k.size()) - std::min(word.size(), k.size()) >= least) continue;
    if (const auto d = edit_distance(word, k); d < least && d < k.size()) best = k, least = d;
  }
  return best;
}
}  // namespace skald
