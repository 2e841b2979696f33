#include "orchestrator/api/active_definitions.hpp"

#include "orchestrator/sql.hpp"

namespace skald::api {
namespace {
constexpr std::chrono::seconds fresh_for{1};
}

std::optional<stored_definition> active_definitions::find(pg::connection& on,
                                                          const std::string& name) {
  const std::lock_guard lock(guard_);
  auto found = known_.find(name);
  if (found == known_.end() || std::chrono::steady_clock::now() - read_at_ > fresh_for) {
    read(on);
    found = known_.find(name);
  }
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void active_definitions::read(pg::connection& on) {
  const auto rows = on.exec(sql::definition::states);
  table now;
  std::map<std::int64_t, stored_definition> by_no;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (rows.text(i, 3) != "active") continue;
    const auto no = rows.number(i, 0);
    const auto known = by_no_.find(no);
    const auto d = known != by_no_.end()
                       ? known->second
                       : load_definition(on.exec(sql::definition::read, {no}).text(0, 4));
    by_no.emplace(no, d);
    now.emplace(rows.text(i, 1), d);
  }
  known_.swap(now);
  by_no_.swap(by_no);
  read_at_ = std::chrono::steady_clock::now();
}
}  // namespace skald::api
