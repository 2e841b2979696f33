// What the owner of one shard knows of it. Memory only; dropped when ownership is in doubt.
#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/saga_no.hpp"
#include "orchestrator/store.hpp"
#include "orchestrator/timers.hpp"
#include "outbox/log.hpp"

namespace skald {
// A saga that stays open longer than this gets a row in table open.
inline constexpr std::int64_t open_row_after_ms = 10'000;
// Sagas of one shard that only hold events which came before their start; further such events are
// quarantined.
inline constexpr std::size_t most_waiting_for_start = 100'000;
// How old the numbers of a shard without young sagas may become.
inline constexpr std::int64_t renumber_after_ms = 60'000;

struct owned_shard {
  shard_row row;                          // as committed: what the fence compares
  std::vector<std::int64_t> next_offset;  // as consumed
  std::vector<std::int64_t> age_ms;       // of the last record read lately, by topic; 0: none
  std::int64_t next_no = 0;
  std::int64_t seq = 0;  // of the next packed row
  timers open;
  std::deque<std::int64_t> young;  // numbers of sagas from row.swept_no on, rising
  std::string packed;              // frames of the batch under way
  std::int32_t frames = 0;
  bool touched = false;  // the batch under way writes something of this shard
  // Taken over, and not read yet: packed rows up to this seq are on their way again. Until all are,
  // nothing new may happen to the shard's sagas.
  std::optional<std::int64_t> resent;
  bool starts_full = false;       // too many sagas are under way
  std::vector<partition> paused;  // as told to the reader
  enum class hold : std::uint8_t { nothing, starts, all_but_inbox } held = hold::nothing;

  std::int16_t id() const { return row.id; }

  void take(shard_row taken) {
    row = std::move(taken);
    next_offset = row.next_offset;
    age_ms.assign(next_offset.size(), 0);
    next_no = row.next_no;
    seq = row.epoch << 32;  // an epoch is never used twice, so neither is a seq
  }
  // Every open saga below this has a row in table open.
  std::int64_t swept_no() const { return young.empty() ? next_no : young.front(); }
};
}  // namespace skald
