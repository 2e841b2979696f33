// One thing that is said to one saga: the outcome of `consume`, the food of `decide`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "orchestrator/compiled.hpp"
#include "outbox/ids.hpp"
#include "outbox/wire.hpp"

namespace skald {
struct message_counts;

struct input {
  enum class source : std::uint8_t { start, reply, event, action, timer } from = source::start;
  std::int16_t shard = 0;
  uuid saga;
  const compiled* definition = nullptr;  // for a saga that is not known yet; timer: null
  std::string key;                       // business key; timer: empty
  std::string_view message_id;
  std::int64_t timer_no = 0;               // timer: number of the saga
  const wire::record* record = nullptr;    // timer: null. Lives until the next poll
  const message_counts* counts = nullptr;  // of the record's topic; timer: null
  // As in binary mode, whatever the record's mode is. They live as long.
  wire::envelope envelope;
  std::span<const wire::header> headers;
  std::string_view data;
  wire::command_id answered;  // reply: the command
  std::string_view topic;     // event: where it was published
};
}  // namespace skald
