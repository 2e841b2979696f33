// skald definition register, activate, retire, list, show: what lies in the database.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/definition_file.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/settings_of.hpp"
#include "orchestrator/definitions.hpp"
#include "outbox/kafka/connection.hpp"
#include "sagas/explore/explore.hpp"
#include "skald/json.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

struct store_flags {
  std::string file, accept_risk, name, from = "now";
  int version = 0;
  explore::options explore;
};

definitions::verdict judge(const definition& d, const explore::options& how,
                           explore::verdict& said) {
  const auto r = explore::explore(d, how);
  said = r.verdict;
  const auto size = std::to_string(r.states) + " states, depth " + std::to_string(r.depth);
  switch (r.verdict) {
    case explore::verdict::proven:
      return {true, "proven: " + size};
    case explore::verdict::violation:
      return {false, "violation of " + r.rule + ": " + r.sentence};
    case explore::verdict::bound_reached:
      return {false, "not proven within " + size};
    case explore::verdict::bad_definition:
      break;
  }
  return {false, "bad definition: " + r.sentence};
}

void refuse_if(const definitions::done& d, exit_code code) {
  if (!d.problem.empty()) throw failure(code, d.problem);
}

ordered_json to_row(const definitions::done& d, const std::string& verb) {
  return {{"definition", d.name}, {"version", d.version}, {"done", verb}, {"already", d.already}};
}

int store(context& x, const store_flags& o) {
  const auto d = read_definition_file(o.file);
  pg::connection database(required(x, "postgres"));
  explore::verdict said{};
  const auto verdict = judge(*d, o.explore, said);
  if (!verdict.proven && o.accept_risk.empty())
    throw failure(said == explore::verdict::bound_reached ? not_found : failed,
                  std::string(d->name) + " v" + std::to_string(d->version) + " is not stored: " +
                      verdict.words + "; `skald definition check` shows how, " +
                      "--accept-risk REASON stores it all the same");
  const auto result = definitions::add(database, d.json(), verdict, o.accept_risk, actor());
  refuse_if(result, conflict);
  auto row = to_row(result, "registered");
  row["verdict"] = verdict.words;
  x.output.show(row);
  return done;
}

// The version that is named, or the newest one.
definitions::stored find(pg::connection& database, const store_flags& o) {
  auto all = definitions::list(database);
  std::erase_if(all, [&](const auto& d) {
    return d.name != o.name || (o.version != 0 && d.version != o.version);
  });
  if (all.empty())
    throw failure(not_found, "there is no definition " + o.name +
                                 (o.version ? " version " + std::to_string(o.version) : "") +
                                 "; `skald definition list` shows all, register stores one");
  return *std::ranges::max_element(all, {}, &definitions::stored::version);
}

int activate(context& x, const store_flags& o) {
  const auto kafka = kafka_of(x);
  pg::connection database(required(x, "postgres"));
  const auto which = find(database, o);
  const auto admin = kafka::open_admin(kafka);
  const auto result = definitions::activate(database, *admin, settings_of(x), which.name,
                                            which.version, o.from == "earliest", actor());
  refuse_if(result, conflict);
  x.output.show(to_row(result, "active"));
  return done;
}

int retire(context& x, const store_flags& o) {
  pg::connection database(required(x, "postgres"));
  const auto which = find(database, o);
  const auto result = definitions::retire(database, which.name, which.version, actor());
  refuse_if(result, conflict);
  x.output.show(to_row(result, "retired"));
  return done;
}

int list(context& x) {
  pg::connection database(required(x, "postgres"));
  auto rows = ordered_json::array();
  for (const auto& d : definitions::list(database))
    rows.push_back({{"name", d.name},
                    {"version", d.version},
                    {"state", d.state},
                    {"verdict", d.verdict},
                    {"risk_accepted", d.risk_accepted},
                    {"registered_at", d.registered_at},
                    {"hash", d.hash}});
  x.output.list(rows, {"name", "version", "state", "verdict", "risk_accepted", "registered_at"});
  return done;
}

int show(context& x, const store_flags& o) {
  pg::connection database(required(x, "postgres"));
  const auto which = find(database, o);
  const auto spec = definitions::show(database, which.name, which.version);
  if (!spec) throw failure(not_found, "the definition was there a moment ago and is gone");
  const auto d = load_definition(*spec);  // its members in their own order, not the database's
  x.output.stream() << (x.output.format() == format::jsonl ? d.json() + '\n'
                                                           : to_readable_json(*d));
  return done;
}
}  // namespace

void add_definition_store(const commands& c, CLI::App& group) {
  const auto o = std::make_shared<store_flags>();
  const auto verb = [&](const char* name, const char* meaning,
                        int (*body)(context&, const store_flags&)) {
    return c.add_to(group, name, meaning, [o, body](context& x) { return body(x, *o); });
  };
  const auto names = [o](CLI::App* sub, bool any_version) {
    sub->add_option("name", o->name, "the definition's name")->required();
    auto* const version = sub->add_option("version", o->version, "its version");
    if (!any_version) version->required();
  };
  auto* const add = verb("register", "Check a definition and store it for good", store);
  add->add_option("file", o->file, "JSON file, or -")->required();
  add->add_option("--accept-risk", o->accept_risk, "store it though it is not proven: the reason");
  add->add_option("--max-states", o->explore.max_states, "of the check, for one scenario");
  auto* const current = verb("activate", "Make a version the one that new sagas follow", activate);
  names(current, true);
  current->add_option("--from", o->from, "where topics that are new to skald are read from")
      ->check(CLI::IsMember({"now", "earliest"}));
  names(verb("retire", "Start no new sagas of a version", retire), false);
  names(verb("show", "Print a stored definition", show), true);
  c.add_to(group, "list", "What is stored", [](context& x) { return list(x); });
}
}  // namespace skald::cli
