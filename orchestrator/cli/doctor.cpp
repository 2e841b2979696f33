// skald doctor: looks at everything that skald stands on, and says what to do about what is wrong.
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/findings.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/settings_of.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::cli {
namespace {
const char* name(health h) {
  return h == health::good ? "ok" : h == health::doubtful ? "look" : "bad";
}

// The tables must be there before anything of Kafka can be compared with them.
bool has_tables(const findings& all) {
  for (const auto& f : all)
    if (f.check == "tables") return f.health == health::good;
  return false;
}

void look(context& x, findings& all) {
  const auto s = settings_of(x);
  look_at_libraries(all);
  look_at_settings(s, all);
  std::optional<pg::connection> db;
  try {
    db.emplace(required(x, "postgres"));
    look_at_postgres(*db, all);
  } catch (const pg::error& e) {
    all.push_back({"postgresql", health::bad, e.what(), "start it, or correct --postgres"});
  }
  try {
    const auto log = kafka::open_admin(kafka_of(x));
    if (db && has_tables(all))
      look_at_kafka(*db, *log, s, all);
    else
      all.push_back({"kafka cluster", health::good, log->cluster_id(), {}});
  } catch (const log_error& e) {
    all.push_back({"kafka", health::bad, e.what(), "start it, or correct --kafka"});
  }
}

int doctor(context& x) {
  findings all;
  look(x, all);
  auto rows = nlohmann::ordered_json::array();
  bool bad = false;
  for (const auto& f : all) {
    bad = bad || f.health == health::bad;
    rows.push_back({{"check", f.check},
                    {"result", name(f.health)},
                    {"seen", f.seen},
                    {"remedy", f.remedy.empty() ? nlohmann::ordered_json()
                                                : nlohmann::ordered_json(f.remedy)}});
  }
  x.output.list(rows, {"check", "result", "seen", "remedy"});
  return bad ? failed : done;
}
}  // namespace

void add_doctor(const commands& c) {
  c.add("doctor", "Look at versions, topics, settings, clock and permissions; exit 1: one is bad",
        doctor);
}
}  // namespace skald::cli
