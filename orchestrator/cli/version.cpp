#include <nlohmann/json.hpp>

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
void add_version(const commands& c) {
  c.add("version", "Print the version", [](context& x) {
    if (x.output.format() == format::table)
      x.output.text("version", "skald " SKALD_VERSION);
    else
      x.output.show({{"version", SKALD_VERSION}});
    return done;
  });
}
}  // namespace skald::cli
