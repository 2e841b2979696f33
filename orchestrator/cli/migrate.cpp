#include "outbox/postgres/migrate.hpp"

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "migrations.hpp"
#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/migrations_of.hpp"
#include "orchestrator/failpoint.hpp"

namespace skald::cli {
namespace {
struct migrate_flags {
  std::string component, direction = "up";
  int to = 0;
  bool yes = false;
};

int show_status(context& x, pg::connection& database, const migrate_flags& o) {
  const auto all = migrations_of(o.component);
  const auto pending = pg::pending_migrations(database, o.component, all);
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < all.size(); ++i)
    rows.push_back({{"no", all[i].no},
                    {"name", all[i].name},
                    {"state", i + pending.size() < all.size() ? "applied" : "pending"}});
  x.output.list(rows, {"no", "name", "state"});
  return done;
}

int migrate(context& x, const migrate_flags& o) {
  if (o.direction == "down" && !o.yes)
    throw failure(usage, "down drops tables and what is in them; say --yes if that is meant");
  pg::connection database(required(x, "postgres"));
  failpoint::arm_from_environment();
  if (o.direction == "status") return show_status(x, database, o);
  const auto all = migrations_of(o.component);
  const bool up = o.direction == "up";
  failpoint::pass("migration.begin");
  const auto names = up ? pg::migrate_up(database, o.component, all)
                        : pg::migrate_down(database, o.component, all, o.to);
  failpoint::pass("migration.applied");
  auto rows = nlohmann::ordered_json::array();
  for (const auto& name : names)
    rows.push_back({{"migration", name}, {"done", up ? "applied" : "taken back"}});
  if (rows.empty()) x.err << "skald: " << o.component << ": nothing to do\n";
  if (!rows.empty() || x.output.format() != format::table)
    x.output.list(rows, {"migration", "done"});
  return done;
}
}  // namespace

std::vector<pg::migration> migrations_of(const std::string& component) {
  std::vector<pg::migration> all;
  for (const auto& m : embedded_migrations)
    if (component == m.component) all.push_back({m.no, m.name, m.up, m.down});
  return all;
}

void add_migrate(const commands& c) {
  const auto o = std::make_shared<migrate_flags>();
  auto* const sub = c.add("migrate", "Bring a database's tables up to date, or take them back",
                          [o](context& x) { return migrate(x, *o); });
  sub->add_option("component", o->component, "orchestrator, participant or outbox")
      ->required()
      ->check(CLI::IsMember({"orchestrator", "participant", "outbox"}));
  sub->add_option("direction", o->direction, "up (default), down or status")
      ->check(CLI::IsMember({"up", "down", "status"}));
  sub->add_option("--to", o->to, "down: the number of the last migration that stays");
  sub->add_flag("--yes", o->yes, "down: really drop the tables");
}
}  // namespace skald::cli
