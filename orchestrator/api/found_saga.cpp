#include "orchestrator/api/found_saga.hpp"

#include "orchestrator/api/asked.hpp"
#include "orchestrator/replay/replay.hpp"
#include "orchestrator/sql.hpp"

namespace skald::api {
read_model::saga found_saga(backend& b, const http::request& q,
                            const std::optional<std::string>& definition) {
  const auto& name = q.parameters.find("id")->second;
  if (!is_business_key(name)) refuse(not_found("There is no saga with such an id or key."));
  auto found = b.databases.ask([&](databases::session& s) { return s.sagas.named(name); });
  if (definition) std::erase_if(found, [&](const auto& s) { return s.definition != *definition; });
  if (found.empty()) refuse(not_found("There is no saga with the id or key " + name + "."));
  if (found.size() > 1)
    refuse(http::problem(409, "ambiguous", "Several sagas",
                         "Several definitions have a saga with the key " + name +
                             "; add ?definition=NAME, or use the id."));
  return found.front();
}

std::optional<nlohmann::ordered_json> replay_of(pg::connection& on, std::int64_t saga_no,
                                                std::int32_t at, const std::string& prefix) {
  const auto past = read_history(on, saga_no);
  if (!past) return std::nullopt;
  const auto spec = on.exec(sql::definition::read, {past->definition}).text(0, 4);
  auto keep = std::make_shared<const stored_definition>(load_definition(spec));
  const compiled definition(past->definition, keep, keep->value(), prefix);
  return replay(definition, *past, {.until_seq = at}).report;
}
}  // namespace skald::api
