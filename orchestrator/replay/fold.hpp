// Replay: a recorded history folded through the engine again. Pure but for its memory: no clock, no
// database. What the engine decides now is compared with what was recorded.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/journal.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/payload.hpp"

namespace skald {
// One row of table journal. Views belong to whoever read it.
struct recorded {
  std::int32_t seq = 0;
  machine::event event;
  std::string_view message_id, type, payload;
  std::uint8_t outcome = 0;
  std::uint64_t commands_hash = 0;
};

struct folded {
  machine::outcome decided;
  bool same_outcome = true, same_commands = true;  // as recorded
  bool same() const { return same_outcome && same_commands; }
};

class folder {
 public:
  // `definition` must outlive the folder and be the one that the saga pins, or one to be tried.
  folder(const compiled& definition, const uuid& id, std::string_view key);

  // Another saga, with the memory of the one before.
  void begin(const uuid& id, std::string_view key);
  folded feed(const recorded&);
  const live_saga& saga() const { return saga_; }
  const std::vector<machine::action>& actions() const { return actions_; }  // of the last feed

 private:
  live_saga saga_;
  payload_reader payload_;
  std::vector<machine::action> actions_;
};
}  // namespace skald
