// `skald saga replay`: one saga's history step by step, or all histories of a time, for
// differences. Read-only; decides nothing that is written anywhere.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "orchestrator/replay/history.hpp"

namespace skald {
// A history folded from its beginning, as JSON for people and programs:
// {"saga", "key", "steps": [{"seq", "at", "event", "step"?, "outcome", "why", "changes": [...],
//  "actions": [...], "differs"?}], "state": {...}, "differences": n, "first_difference"?}.
struct replayed {
  nlohmann::ordered_json report;
  std::size_t differences = 0;  // events whose outcome or commands are not those recorded
  bool same_state = true;       // at the end, bytes as stored; judged only for a whole history
};

struct replay_options {
  std::int32_t until_seq = 0;  // stop behind this event; 0: the whole history
  bool compare = true;         // with what was recorded; off for what-ifs
};
replayed replay(const compiled&, const history&, const replay_options& = {});

// Every saga that started at `since_ms` or later, folded and compared; nothing is kept of those
// that agree. `definition_of` gives the definition to fold with, or null to skip the saga.
struct bulk_result {
  std::size_t sagas = 0, rows = 0, skipped = 0;
  double seconds = 0;
  std::map<std::string, std::size_t> changed;                 // "completed -> aborted": how many
  std::vector<std::pair<std::string, std::string>> examples;  // saga id, what differs; bounded
};
inline constexpr std::size_t max_examples = 20;
using definition_choice = std::function<const compiled*(std::int32_t definition_no)>;
bulk_result replay_all(const std::string& postgres, std::int64_t since_ms,
                       const definition_choice& recorded_by, const definition_choice& told_to);
}  // namespace skald
