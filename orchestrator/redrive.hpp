// What is done about a record in quarantine: sent again, byte for byte, to where it was read or
// meant to go; or dropped. Both are in the audit log.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "orchestrator/read_model_installation.hpp"
#include "orchestrator/requests.hpp"

namespace skald {
// `problem`: a sentence why it cannot be sent again.
struct redrive {
  requests::record record;
  std::string problem;
};
redrive redrive_of(const read_model::quarantined&);

// To be called when the record is acknowledged. False: it was marked, or dropped, before.
bool mark_redriven(pg::connection&, std::int64_t no, std::string_view actor,
                   std::string_view reason);
bool drop_quarantined(pg::connection&, std::int64_t no, std::string_view actor,
                      std::string_view reason);
}  // namespace skald
