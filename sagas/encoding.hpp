// A saga as bytes, and back. The first byte is the version of the encoding; an ordinary saga of
// three steps takes about 50 bytes. Integers are LEB128 varints, hashes 8 bytes little-endian.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sagas/machine.hpp"

namespace skald::machine {
inline constexpr std::uint8_t encoding_version = 1;

void encode(const saga&, std::string& out);  // appends
std::string encode(const saga&);

// Any bytes are allowed. Returns a sentence about the first thing that is wrong, and then leaves
// the saga as it was; empty: `s` has been read. `s` fits a definition of as many steps only: the
// caller compares `s.steps.count`.
std::string_view decode(std::string_view bytes, saga& s);

// The same for who needs no sentence.
std::optional<saga> decode(std::string_view bytes);

// True: written by a newer program. Not corrupt, but not for this one to touch.
bool is_newer_encoding(std::string_view bytes);
}  // namespace skald::machine
