// The engine's event as a row of table journal, and back. What is written here is all that replay
// has: a column is reused only where the kind of the event says which meaning it has.
#pragma once
#include <cstdint>

#include "sagas/machine.hpp"

namespace skald {
inline constexpr std::uint8_t stale_outcome = 100;  // of an action decided on an old seq

struct journal_event {
  std::uint8_t kind = 0, step = 0;
  std::int32_t number = 0;
  std::uint64_t occurrence = 0;  // retry: n
};
journal_event to_journal(const machine::event&);

// Any values may be given; a kind that does not exist is a start.
machine::event from_journal(const journal_event&, std::int64_t at_ms);
}  // namespace skald
