// What an operator wants of one saga: one action for each thing that waits for him. Foreseen by the
// same engine that decides it, sent, and followed until its verdict is in the journal.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/cli/context.hpp"
#include "orchestrator/cli/stored_definitions.hpp"
#include "orchestrator/read_model.hpp"
#include "orchestrator/requests.hpp"

namespace skald::cli {
inline constexpr std::size_t errands_at_once = 64;  // sent, and not yet answered

struct errand {
  read_model::saga saga;
  requests::action action;
  const compiled* definition = nullptr;
  std::uint8_t step = 0xff;  // whole_saga
  std::uint16_t n = 0;       // of the step's last undo
  std::int64_t seq = 0;      // of the saga when this was planned; of the verdict in the end
  std::string request;
  std::string result;    // empty: to be sent; else applied, held, duplicate, refused, stale, ...
  std::string sentence;  // why it was refused
  bool good() const { return result == "applied" || result == "held" || result == "duplicate"; }
};

// Without a step: everything that waits for the operator and that the verb is for. What the engine
// would refuse now is refused already, with its sentence.
std::vector<errand> plan(pg::connection&, stored_definitions&, const read_model::saga&,
                         const requests::action& wanted);

// Sends and follows those that are still to be sent. Results: the owner's verdict, "no answer" of
// a participant or of the owner within `within`.
void perform(const context&, pg::connection&, stored_definitions&, std::vector<errand>&,
             std::chrono::milliseconds within);
}  // namespace skald::cli
