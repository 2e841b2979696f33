// skald key create, list, revoke: who may use the HTTP API.
#include "orchestrator/cli/key.hpp"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/api/keys.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

struct key_flags {
  std::string name, role = "viewer", reason;
};

std::string actor() {
  const auto* const user = std::getenv("USER");
  return user && *user ? user : "uid " + std::to_string(getuid());
}

int create(context& x, const key_flags& o) {
  pg::connection database(required(x, "postgres"));
  const auto made = api::make_key(database, o.name, api::role_named(o.role).value(), actor());
  if (!made.problem.empty()) throw failure(conflict, made.problem);
  x.output.show({{"name", o.name}, {"role", o.role}, {"key", made.key}});
  x.err << "skald: keep it now, it is shown once; send it as Authorization: Bearer KEY\n";
  return done;
}

int list(context& x) {
  pg::connection database(required(x, "postgres"));
  const auto or_null = [](const std::string& text) {
    return text.empty() ? ordered_json() : ordered_json(text);
  };
  auto rows = ordered_json::array();
  for (const auto& k : api::keys(database))
    rows.push_back({{"name", k.name},
                    {"role", k.role},
                    {"created_at", k.created_at},
                    {"revoked_at", or_null(k.revoked_at)}});
  x.output.list(rows, {"name", "role", "created_at", "revoked_at"});
  return done;
}

int revoke(context& x, const key_flags& o) {
  pg::connection database(required(x, "postgres"));
  if (!api::revoke_key(database, o.name, actor(), o.reason))
    throw failure(not_found, "there is no live key " + o.name + "; skald key list shows all");
  x.output.show({{"name", o.name}, {"done", "revoked"}});
  return done;
}
}  // namespace

void add_key(const commands& c) {
  auto* const group = c.group("key", "Keys of the HTTP API: viewer, operator or admin");
  const auto o = std::make_shared<key_flags>();
  auto* const make = c.add_to(*group, "create", "Make a key and show it once",
                              [o](context& x) { return create(x, *o); });
  make->add_option("name", o->name, "whose it is")->required();
  make->add_option("--role", o->role, "viewer, operator or admin")
      ->check(CLI::IsMember({"viewer", "operator", "admin"}))
      ->capture_default_str();
  c.add_to(*group, "list", "Whose keys there are, not what they are",
           [](context& x) { return list(x); });
  auto* const end = c.add_to(*group, "revoke", "Make a key worthless within seconds",
                             [o](context& x) { return revoke(x, *o); });
  end->add_option("name", o->name, "whose it is")->required();
  end->add_option("--reason", o->reason, "for the audit log")->required();
}
}  // namespace skald::cli
