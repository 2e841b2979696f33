// The raw values that one saga's commands and guards read: cut from its events, spliced into
// commands. All that a cached saga keeps of its messages.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace skald {
inline constexpr std::size_t max_slice_bytes = 16 * 1024;         // of one value
inline constexpr std::size_t max_saga_slices_bytes = 128 * 1024;  // of one saga, all together

class slices {
 public:
  // `place` numbers a (event, field) of the definition; `occurrence` tells which event of that
  // type (0: there is but one). What is there already stays.
  void put(std::uint16_t place, std::uint64_t occurrence, std::string_view raw) {
    if (find(place, occurrence)) return;
    if (entries_.empty()) {  // one allocation each for most sagas
      entries_.reserve(usual_entries);
      text_.reserve(usual_bytes);
    }
    entries_.push_back({occurrence, text_.size(), raw.size(), place});
    text_ += raw;
  }
  std::optional<std::string_view> find(std::uint16_t place, std::uint64_t occurrence) const {
    for (const auto& e : entries_)
      if (e.place == place && e.occurrence == occurrence)
        return std::string_view(text_).substr(e.at, e.size);
    return {};
  }
  std::size_t bytes() const { return text_.size(); }
  std::size_t memory() const { return entries_.capacity() * sizeof(entry) + text_.capacity(); }

  // Takes back what was put since: for values of an event that was then not accepted.
  struct mark {
    std::size_t entries, bytes;
  };
  mark here() const { return {entries_.size(), text_.size()}; }
  void rewind(mark to) {
    entries_.resize(to.entries);
    text_.resize(to.bytes);
  }
  bool has_room(std::size_t more) const { return text_.size() + more <= max_saga_slices_bytes; }

 private:
  struct entry {
    std::uint64_t occurrence;
    std::uint64_t at : 24, size : 24, place : 16;
  };
  static_assert(max_saga_slices_bytes < 1 << 24 && sizeof(entry) == 16);
  static constexpr std::size_t usual_entries = 6, usual_bytes = 100;
  std::vector<entry> entries_;
  std::string text_;
};
}  // namespace skald
