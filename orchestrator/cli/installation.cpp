// skald outbox status, node list, participant list: what runs, and what waits to be sent.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/read_model.hpp"
#include "orchestrator/read_model_installation.hpp"
#include "orchestrator/sql.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

constexpr int most_counted = 1'000'000;  // rows of an outbox

void add_rows(const std::string& url, ordered_json& rows) {
  pg::connection db(url);
  const auto there = db.exec(sql::operate::outbox_tables);
  const auto where = pg::describe(url);
  if (there.boolean(0, 0)) {
    const auto r = db.exec(sql::operate::application_outbox, {most_counted});
    rows.push_back(
        {{"outbox", "application"},
         {"database", where},
         {"waiting", r.number(0, 0)},
         {"oldest_seconds", r.is_null(0, 1) ? ordered_json() : ordered_json(r.number(0, 1))},
         {"rejected", r.number(0, 2)},
         {"relay", r.boolean(0, 3) ? "leads" : "none"}});
  }
  if (there.boolean(0, 1)) {
    const auto r = db.exec(sql::operate::orchestrator_outbox);
    rows.push_back({{"outbox", "orchestrator"},
                    {"database", where},
                    {"waiting", r.number(0, 1)},
                    {"oldest_seconds", nullptr},
                    {"rejected", nullptr},
                    {"relay", nullptr},
                    {"batches", r.number(0, 0)},
                    {"shards", r.number(0, 2)}});
  }
}

int outbox_status(context& x) {
  auto rows = ordered_json::array();
  const auto& application = x.settings.text("relay.postgres");
  if (application.empty() || !x.settings.text("postgres").empty())
    add_rows(required(x, "postgres"), rows);
  if (!application.empty()) add_rows(application, rows);
  x.output.list(rows, {"outbox", "database", "waiting", "oldest_seconds", "rejected", "relay"});
  if (rows.empty()) x.err << "skald: no outbox here: run skald migrate outbox, or orchestrator\n";
  return done;
}

int node_list(context& x) {
  pg::connection db(required(x, "postgres"));
  auto rows = ordered_json::array();
  for (const auto& n : read_model::nodes(db)) rows.push_back(to_json(n));
  x.output.list(rows, {"host", "version", "alive", "started_at", "seen_at", "id"});
  return done;
}

int participant_list(context& x) {
  pg::connection db(required(x, "postgres"));
  auto rows = ordered_json::array();
  for (const auto& p : read_model::reader(db).participants()) rows.push_back(to_json(p));
  x.output.list(rows, {"name", "topic", "definitions", "waiting", "retrying"});
  return done;
}
}  // namespace

void add_outbox(const commands& c) {
  auto* const group = c.group("outbox", "What is on its way to Kafka");
  c.add_to(*group, "status", "How much waits, how old it is, who relays it", outbox_status);
}

void add_node(const commands& c) {
  auto* const group = c.group("node", "The processes that serve");
  c.add_to(*group, "list", "Each with its version and when it was last heard of", node_list);
}

void add_participant_list(const commands& c, CLI::App& group) {
  c.add_to(group, "list", "Each with what open sagas want of it now", participant_list);
}
}  // namespace skald::cli
