// Definitions in the database: stored once, never edited; one version of a name is active and is
// what new sagas pin. For the command line and the API; the workers read with their own eyes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"
#include "skald/model.hpp"

namespace skald {
struct settings;
}
namespace skald::definitions {
// What the model checker said.
struct verdict {
  bool proven = false;
  std::string words;  // one line, stored
};

struct stored {
  std::int32_t no = 0;
  std::string name;
  std::int32_t version = 0;
  std::string hash, state, verdict, risk_accepted, registered_at;
};

// `problem` is empty when it was done, else a sentence: why not, and what to do.
struct done {
  std::string problem;
  std::int32_t no = 0;
  std::string name;
  std::int32_t version = 0;
  bool already = false;  // it was so before
};

// Checks and stores a definition's JSON. The same definition again is fine. Not proven: refused,
// unless `accept_risk` says why it shall be stored all the same.
done add(pg::connection&, std::string_view json, const verdict&, std::string_view accept_risk,
         std::string_view actor);

// Makes a version the one that new sagas pin. In the same transaction the start offsets of topics
// that no definition read before are written for every shard: the topic's end, or its beginning.
// `settings`, of the service: its prefix, and what it promises. A definition by which the service's
// next start would break a promise (rule 5) is refused.
done activate(pg::connection&, log_admin&, const settings&, std::string_view name,
              std::int32_t version, bool from_earliest, std::string_view actor);

// No new sagas of this version; those that run go on.
done retire(pg::connection&, std::string_view name, std::int32_t version, std::string_view actor);

std::vector<stored> list(pg::connection&);
std::optional<std::string> show(pg::connection&, std::string_view name, std::int32_t version);

// Participants of a definition's commands, each once.
std::vector<std::string> participants(const definition&);
}  // namespace skald::definitions
