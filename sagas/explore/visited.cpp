#include "sagas/explore/visited.hpp"

#include <algorithm>
#include <cstring>

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

visited::visited() : offsets_{0}, slots_(1u << 12, nobody) {}

bool visited::equals(std::uint32_t i, const std::vector<std::uint8_t>& other) const {
  return offsets_[i + 1] - offsets_[i] == other.size() &&
         std::memcmp(bytes(i), other.data(), other.size()) == 0;
}

std::pair<std::uint32_t, bool> visited::insert(const std::vector<std::uint8_t>& bytes,
                                               std::uint32_t parent) {
  if (size() * 2 >= slots_.size()) grow();
  auto full = hash(bytes);
  auto tag = static_cast<std::uint32_t>(full >> 32);
  auto mask = slots_.size() - 1;
  auto at = tag & mask;
  for (; slots_[at] != nobody; at = (at + 1) & mask)
    if (hashes_[slots_[at]] == tag && equals(slots_[at], bytes)) return {slots_[at], false};
  auto number = static_cast<std::uint32_t>(size());
  slots_[at] = number;
  arena_.insert(arena_.end(), bytes.begin(), bytes.end());
  offsets_.push_back(arena_.size());
  parents_.push_back(parent);
  hashes_.push_back(tag);
  return {number, true};
}

void visited::grow() {
  slots_.assign(slots_.size() * 2, nobody);
  auto mask = slots_.size() - 1;
  for (std::uint32_t i = 0; i < size(); ++i) {
    auto at = hashes_[i] & mask;
    while (slots_[at] != nobody) at = (at + 1) & mask;
    slots_[at] = i;
  }
}
}  // namespace skald::explore
