// From the engine's actions to frames: commands for participants, events about sagas.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/live.hpp"
#include "orchestrator/shard.hpp"
#include "orchestrator/trace/recorder.hpp"
#include "outbox/token.hpp"
#include "outbox/wire.hpp"

namespace skald {
// What replay must decide again: order and content of the actions. 0: none.
std::uint64_t hash_of(std::span<const machine::action>);

class command_writer {
 public:
  command_writer(std::string saga_events_topic, signer& tokens, trace::recorder& spans)
      : saga_events_(std::move(saga_events_topic)), tokens_(tokens), spans_(spans) {}

  // Appends the action's record to the shard's packed frames. False: a value that the command
  // cannot do without is missing, nothing was appended.
  bool write(const live_saga&, const machine::action&, const wire::envelope& caused_by,
             std::int64_t at_ms, owned_shard&);

 private:
  bool write_command(const live_saga&, const machine::action&, const wire::envelope& caused_by,
                     std::int64_t at_ms, owned_shard&);
  void write_saga_event(const live_saga&, const machine::action&, std::int64_t at_ms, owned_shard&);

  const std::string saga_events_;
  signer& tokens_;
  trace::recorder& spans_;
  std::string body_, id_, saga_id_, token_, attempt_;
  std::vector<wire::header> headers_;
};
}  // namespace skald
