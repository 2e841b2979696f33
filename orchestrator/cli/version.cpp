#include <nlohmann/json.hpp>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/failpoint.hpp"

namespace skald::cli {
void add_version(const commands& c) {
  c.add("version", "Print the version", [](context& x) {
    if (x.output.format() == format::table)
      x.output.text("version", "skald " SKALD_VERSION);
    else
      x.output.show({{"version", SKALD_VERSION}});
    return done;
  });
  // Where faults can be put in (orchestrator/failpoint.hpp), for the fault tests.
  c.add("failpoints", "List the places where SKALD_FAILPOINTS can put a fault", [](context& x) {
    auto rows = nlohmann::ordered_json::array();
    for (const auto& p : failpoint::known()) rows.push_back({{"name", p.name}, {"at", p.meaning}});
    x.output.list(rows, {"name", "at"});
    return done;
  });
}
}  // namespace skald::cli
