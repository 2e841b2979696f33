#include "orchestrator/cli/findings.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>

#include "orchestrator/cli/migrations_of.hpp"
#include "orchestrator/consume.hpp"
#include "orchestrator/definitions.hpp"
#include "orchestrator/read_model_installation.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/kafka/version.hpp"
#include "outbox/postgres/version.hpp"
#include "sagas/json.hpp"

namespace skald::cli {
namespace {
constexpr int oldest_server = 140'000;  // detaches a partition without locking
constexpr std::int64_t clock_offset_ms = 1'000;

void good(findings& all, std::string check, std::string seen) {
  all.push_back({std::move(check), health::good, std::move(seen), {}});
}

void judge(findings& all, std::string check, bool fine, std::string seen, health otherwise,
           std::string remedy) {
  all.push_back({std::move(check), fine ? health::good : otherwise, std::move(seen),
                 fine ? std::string() : std::move(remedy)});
}

std::int64_t this_machine_ms() {
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

void look_at_server(pg::connection& db, findings& all) {
  const auto before_ms = this_machine_ms();
  const auto r = db.exec(sql::operate::server);
  const auto middle_ms = (before_ms + this_machine_ms()) / 2;
  judge(all, "postgresql version", r.number(0, 1) >= oldest_server, r.text(0, 0), health::bad,
        "skald needs PostgreSQL 14 or newer: upgrade the server");
  judge(all, "postgresql encoding", r.text(0, 2) == "UTF8", r.text(0, 2), health::bad,
        "create the database with encoding UTF8");
  const bool durable = r.text(0, 3) == "on" && r.text(0, 4) != "off" && r.text(0, 5) == "on";
  judge(all, "postgresql durability", durable,
        "fsync " + r.text(0, 3) + ", synchronous_commit " + r.text(0, 4) + ", full_page_writes " +
            r.text(0, 5),
        health::doubtful,
        "set all three to on: otherwise a crash of the server may lose what was committed");
  judge(all, "postgresql role", !r.boolean(0, 7), r.boolean(0, 7) ? "standby" : "primary",
        health::bad, "give --postgres the URL of the primary (target_session_attrs=read-write)");
  const auto offset = middle_ms - r.number(0, 9);
  judge(all, "clock", std::abs(offset) <= clock_offset_ms,
        std::to_string(offset) + " ms from PostgreSQL's", health::doubtful,
        "run NTP on both machines; decisions use PostgreSQL's clock alone, logs and the time spans "
        "that you give do not");
}

bool look_at_tables(pg::connection& db, findings& all) {
  std::vector<std::string> pending;
  try {
    pending = pg::pending_migrations(db, "orchestrator", migrations_of("orchestrator"));
  } catch (const pg::error& e) {
    judge(all, "tables", false, e.what(), health::bad,
          "use the skald that made them, or a newer one");
    return false;
  }
  judge(all, "tables", pending.empty(),
        pending.empty() ? "up to date" : std::to_string(pending.size()) + " migrations are missing",
        health::bad, "run skald migrate orchestrator");
  return pending.empty();
}

void look_at_rights(pg::connection& db, findings& all) {
  const auto missing = db.exec(sql::operate::missing_rights);
  std::string list;
  for (std::size_t i = 0; i < missing.rows(); ++i) list += (i ? "; " : "") + missing.text(i, 0);
  const auto owner = db.exec(sql::operate::may_partition);
  const bool may = owner.rows() == 1 && owner.boolean(0, 0) && owner.boolean(0, 1);
  judge(all, "permissions", list.empty(), list.empty() ? "all" : "missing on " + list, health::bad,
        "grant them to this user, or let the owner of the tables run skald");
  judge(all, "permission to partition", may, may ? "yes" : "no", health::bad,
        "skald makes a partition of table journal each day: its user must own the table and may "
        "create in its schema");
}

void look_at_work(pg::connection& db, findings& all) {
  const auto r = db.exec(sql::operate::work);
  const auto count = [&](std::size_t column) { return std::to_string(r.number(0, column)); };
  judge(all, "definitions", r.number(0, 2) > 0, count(2) + " active", health::doubtful,
        "skald definition register FILE, then activate: until then nothing can start");
  judge(all, "accepted risks", r.number(0, 3) == 0, count(3) + " active and not proven",
        health::doubtful,
        "skald definition list shows each reason; skald definition check the trace");
  judge(all, "stuck sagas", r.number(0, 1) == 0, count(1), health::doubtful,
        "skald saga list --facet stuck; docs/repair.md says what to do");
  judge(all, "quarantine", r.number(0, 0) == 0, count(0) + " records", health::doubtful,
        "skald quarantine list, then redrive or drop");
  const auto nodes = read_model::nodes(db);
  const auto alive = std::ranges::count_if(nodes, [](const auto& n) { return n.alive; });
  judge(all, "nodes", alive > 0, std::to_string(alive) + " alive", health::doubtful,
        "start skald serve: nothing moves without one");
  std::set<std::string> versions;
  for (const auto& n : nodes)
    if (n.alive) versions.insert(n.version);
  if (versions.size() > 1)
    judge(all, "node versions", false, std::to_string(versions.size()) + " different ones",
          health::doubtful, "finish the upgrade: skald node list says which node runs what");
}

void look_at_topic(log_admin& log, const std::string& topic, int wanted, findings& all) {
  const auto found = log.partitions(topic);
  const auto seen = std::to_string(found) + " partitions";
  if (found == 0)
    judge(all, "topic " + topic, false, "not there", health::doubtful,
          "skald serve makes it at its next start; or make it with " + std::to_string(wanted) +
              " partitions");
  else
    judge(all, "topic " + topic, wanted == 0 || found == wanted, seen, health::bad,
          "it must have " + std::to_string(wanted) +
              ", one a shard, for its whole life: the "
              "partition of a key must never change");
}
}  // namespace

void look_at_libraries(findings& all) {
  good(all, "skald", SKALD_VERSION);
  good(all, "libraries", pg::library_versions() + ", librdkafka " + kafka::library_version());
  judge(all, "kafka log-in by SCRAM", kafka::scram_works(),
        kafka::scram_works() ? "works" : "refused by Kafka 4", health::doubtful,
        "only if you need SCRAM: run with librdkafka 2.6.1 or newer, or log in by mTLS");
}

void look_at_settings(const settings& s, findings& all) {
  const auto broken = broken_promise(s, 0);
  judge(all, "settings", broken.empty(), broken.empty() ? "the horizon is long enough" : broken,
        health::bad, "correct horizon, topic_retention or fence_retention; skald config show");
}

void look_at_postgres(pg::connection& db, findings& all) {
  look_at_server(db, all);
  if (!look_at_tables(db, all)) return;
  look_at_rights(db, all);
  look_at_work(db, all);
}

void look_at_kafka(pg::connection& db, log_admin& log, const settings& s, findings& all) {
  const auto cluster = log.cluster_id();
  good(all, "kafka cluster", cluster);
  const auto installed = db.exec(sql::installation::read);
  if (installed.rows() == 0) {
    judge(all, "installation", false, "this database has never been served", health::doubtful,
          "start skald serve once");
    return;
  }
  judge(all, "installation", installed.text(0, 0) == s.prefix && installed.number(0, 1) == s.shards,
        "prefix " + installed.text(0, 0) + ", " + installed.text(0, 1) + " shards", health::bad,
        "correct the settings prefix and shards: they are fixed for the installation's life");
  judge(all, "installation's cluster", installed.text(0, 2) == cluster, installed.text(0, 2),
        health::bad,
        "use that Kafka cluster, or another database: stored offsets mean nothing here");
  const topic_names names(installed.text(0, 0));
  const auto shards = static_cast<int>(installed.number(0, 1));
  for (const auto& topic : {names.starts, names.inbox, names.saga_events})
    look_at_topic(log, topic, topic == names.saga_events ? 0 : shards, all);
  std::set<std::string> more;
  std::int64_t longest_parking_ms = 0;
  for (const auto& d : definitions::list(db)) {
    const auto spec = load_definition(definitions::show(db, d.name, d.version).value_or("{}"));
    longest_parking_ms = std::max<std::int64_t>(longest_parking_ms, spec->parking.count());
    if (d.state != "active") continue;
    for (const auto& p : definitions::participants(*spec)) more.insert(p + ".commands");
    for (const auto& step : spec->steps)
      if (step.awaits()) more.insert(std::string(step.await.topic));
    if (!spec->starts.topic.empty()) more.insert(std::string(spec->starts.topic));
  }
  for (const auto& topic : more) look_at_topic(log, topic, 0, all);
  if (const auto broken = broken_promise(s, longest_parking_ms); !broken.empty())
    judge(all, "settings and parking time", false, broken, health::bad,
          "correct horizon, topic_retention or fence_retention");
}
}  // namespace skald::cli
