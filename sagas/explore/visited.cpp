#include "sagas/explore/visited.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skald::explore {
namespace {
std::uint64_t hash(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t h = bytes.size() * 0x9e3779b97f4a7c15u;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  return h * 0xc4ceb9fe1a85ec53u;
}
}  // namespace

visited::visited() : offsets_{0}, slots_(1u << 12) {}

bool visited::equals(std::uint32_t i, const std::vector<std::uint8_t>& other) const {
  return offsets_[i + 1] - offsets_[i] == other.size() &&
         std::memcmp(bytes(i), other.data(), other.size()) == 0;
}

std::pair<std::uint32_t, bool> visited::insert(const std::vector<std::uint8_t>& bytes,
                                               std::uint32_t parent) {
  if (size() * 2 >= slots_.size()) grow();
  const auto tag = static_cast<std::uint32_t>(hash(bytes) >> 32);
  const auto mask = slots_.size() - 1;
  auto at = tag & mask;
  for (; slots_[at].number != nobody; at = (at + 1) & mask)
    if (slots_[at].tag == tag && equals(slots_[at].number, bytes))
      return {slots_[at].number, false};
  const auto number = static_cast<std::uint32_t>(size());
  slots_[at] = {tag, number};
  arena_.insert(arena_.end(), bytes.begin(), bytes.end());
  offsets_.push_back(arena_.size());
  parents_.push_back(parent);
  return {number, true};
}

void visited::grow() {
  std::vector<slot> larger(slots_.size() * 2);
  const auto mask = larger.size() - 1;
  for (const auto& s : slots_) {
    if (s.number == nobody) continue;
    auto at = s.tag & mask;
    while (larger[at].number != nobody) at = (at + 1) & mask;
    larger[at] = s;
  }
  slots_ = std::move(larger);
}
}  // namespace skald::explore
