#include "orchestrator/cli/find_saga.hpp"

#include "orchestrator/cli/command.hpp"

namespace skald::cli {
read_model::saga find_saga(pg::connection& database, const std::string& name,
                           const std::string& definition) {
  auto found = read_model::reader(database).named(name);
  if (!definition.empty())
    std::erase_if(found, [&](const auto& s) { return s.definition != definition; });
  if (found.empty())
    throw failure(not_found, "there is no saga with the id or key '" + name +
                                 "'; `skald saga list` shows all");
  if (found.size() > 1)
    throw failure(usage, "several definitions have a saga with the key '" + name +
                             "'; add --definition NAME or give the id");
  return found.front();
}
}  // namespace skald::cli
