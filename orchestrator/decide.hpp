// Decide: what each input means to its saga, in memory, through the engine. Several inputs of one
// saga fold into one row. No I/O: what is to be written is left in the batch and the shards.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/commands.hpp"
#include "orchestrator/consume.hpp"
#include "orchestrator/input.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/log_entry.hpp"
#include "orchestrator/metrics/saga_meter.hpp"
#include "orchestrator/shard.hpp"
#include "orchestrator/trace/recorder.hpp"
#include "orchestrator/translate.hpp"

namespace skald {
class decider final : public consumer::sink {
 public:
  using shard_of = std::function<owned_shard&(std::int16_t)>;

  decider(catalog& known, saga_cache& sagas, command_writer& commands, metrics& counts,
          trace::recorder& spans, shard_of shards)
      : sagas_(sagas),
        commands_(commands),
        meter_(counts, spans),
        topics_(counts),
        spans_(spans),
        shard_(std::move(shards)),
        translator_(known) {}

  void begin(batch&, std::int64_t at_ms);
  void decide(const input&);
  // What happened to sagas that people should hear of; to be told once the batch is committed.
  void tell(const reporter&);
  void end();  // one row for each saga that moved, its timer, its row in table open

  void quarantine(std::int16_t shard, const wire::record&, std::string_view reason) override;
  bool forward(std::int16_t shard, const std::string& topic, std::string_view key,
               const std::vector<wire::header>&, std::string_view value) override;

 private:
  live_saga* find_or_make(const input&);
  void apply_timers(const input&, live_saga&);
  void apply(const input&, live_saga&, const machine::event&, const reading&);
  void write_journal(live_saga&, const machine::event&, const reading&, std::uint8_t outcome);
  void refuse(const input&, quarantine_reason, std::string_view reason);
  void end_saga(live_saga&);
  void note(const input&, const live_saga&, std::string_view event, std::string text,
            std::uint8_t step = machine::whole_saga);

  saga_cache& sagas_;
  command_writer& commands_;
  saga_meter meter_;
  topic_counts topics_;
  trace::recorder& spans_;
  shard_of shard_;
  translator translator_;

  batch* batch_ = nullptr;
  std::int64_t at_ms_ = 0;
  std::vector<live_saga*> touched_;
  std::vector<machine::action> actions_;
  std::vector<machine::event> due_;
  std::vector<log_entry> notes_;
};
}  // namespace skald
