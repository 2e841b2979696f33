#include <memory>
#include <nlohmann/json.hpp>

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
namespace {
int show(context& x, bool with_origin) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& s : config::known()) {
    const auto& v = x.settings.of(s.name);
    nlohmann::ordered_json row{{"setting", s.name},
                               {"value", s.secret ? config::without_password(v.text) : v.text}};
    if (with_origin) row["origin"] = v.where;
    row["meaning"] = s.meaning;
    rows.push_back(std::move(row));
  }
  if (with_origin)
    x.output.list(rows, {"setting", "value", "origin"});
  else
    x.output.list(rows, {"setting", "value", "meaning"});
  return done;
}
}  // namespace

void add_config(const commands& c) {
  auto* const group = c.group("config", "Settings: flags, environment, file, defaults");
  const auto with_origin = std::make_shared<bool>(false);
  c.add_to(*group, "show", "List every setting and its value", [with_origin](context& x) {
     return show(x, *with_origin);
   })->add_flag("--origin", *with_origin, "also say where each value comes from");
}
}  // namespace skald::cli
