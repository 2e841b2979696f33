// The worlds seen so far: bytes in one arena, found by open addressing, each with its parent.
#pragma once
#include <cstdint>
#include <vector>

namespace skald::explore {
inline constexpr std::uint32_t nobody = 0xffffffff;

class visited {
 public:
  visited();
  // The number of these bytes, and whether they are new.
  std::pair<std::uint32_t, bool> insert(const std::vector<std::uint8_t>& bytes,
                                        std::uint32_t parent);
  std::size_t size() const { return parents_.size(); }
  const std::uint8_t* bytes(std::uint32_t i) const { return arena_.data() + offsets_[i]; }
  std::uint32_t parent(std::uint32_t i) const { return parents_[i]; }

 private:
  bool equals(std::uint32_t i, const std::vector<std::uint8_t>&) const;
  void grow();

  std::vector<std::uint8_t> arena_;
  std::vector<std::uint64_t> offsets_;  // one more than there are worlds
  struct slot {
    std::uint32_t tag = 0, number = nobody;
  };
  std::vector<std::uint32_t> parents_;
  std::vector<slot> slots_;
};
}  // namespace skald::explore
