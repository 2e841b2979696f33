// From the words of the wire to the engine's events, by the definition that the saga has pinned.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "orchestrator/catalog.hpp"
#include "orchestrator/input.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/payload.hpp"
#include "orchestrator/values.hpp"

namespace skald {
// `problem`: the input belongs into quarantine, a constant sentence. `ignored`: it is not meant for
// this saga and is only counted. `stale`: an action decided on an older sequence; it is recorded.
struct reading {
  machine::event event;
  told what;
  std::string_view payload;
  std::string_view problem;
  bool ignored = false, stale = false;
  bool has_values = false;  // the payload may hold values that the saga keeps
};

class translator {
 public:
  explicit translator(const catalog& known) : catalog_(known) {}

  reading read(const input&, const live_saga&);
  payload_reader& payload() { return payload_; }  // stands on the input read last

 private:
  void read_start(const input&, const live_saga&, reading&);
  void read_reply(const input&, const live_saga&, reading&);
  void read_event(const input&, const live_saga&, reading&);
  void read_action(const live_saga&, reading&);
  void read_ok(const input&, const live_saga&, std::uint8_t step, reading&);
  void read_declined(const input&, const live_saga&, std::uint8_t step, reading&);
  std::uint64_t occurrence_of(const input&, const live_saga&, std::uint8_t step, reading&);

  const catalog& catalog_;
  payload_reader payload_;
  std::string scratch_;
};
}  // namespace skald
