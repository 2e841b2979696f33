// Reads the data of a message as bytes: checks it once, cuts raw values out of it, builds no tree.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace skald {
inline constexpr std::size_t max_payload_bytes = 1024 * 1024;
inline constexpr std::size_t max_payload_depth = 64;
inline constexpr std::size_t max_key_bytes = 512;

// A business key: UTF-8 text without control characters, 1 to max_key_bytes long.
bool is_business_key(std::string_view);

// Keeps its buffers. One thread.
class payload_reader {
 public:
  payload_reader();
  ~payload_reader();
  payload_reader(payload_reader&&) noexcept;
  payload_reader& operator=(payload_reader&&) noexcept;

  // Takes a copy of the bytes. The whole text is checked: JSON, UTF-8, depth, size, numbers.
  // Empty answer = good, else a constant sentence; then nothing may be cut.
  std::string_view read(std::string_view payload);

  // The raw JSON text at a JSON Pointer of what was read last; nothing when it is absent or null.
  // Lives until the next read.
  std::optional<std::string_view> cut(std::string_view pointer);

  // The same as a word, for keys and occurrences: a string's own characters, an integer's shortest
  // decimal; nothing for any other type. Lives until the next call of `word`.
  std::optional<std::string_view> word(std::string_view pointer);

 private:
  struct buffers;
  std::unique_ptr<buffers> buffers_;
};
}  // namespace skald
