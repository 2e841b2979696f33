// skald audit: were all promises kept? Exit code 0: yes. 1: no, and what was found is printed.
#include "orchestrator/audit/audit.hpp"

#include <algorithm>
#include <iomanip>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/replay/replay.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/kafka/connection.hpp"
#include "sagas/json.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
constexpr std::size_t histories_shown = 3, events_shown = 40;

struct audit_flags {
  std::vector<std::string> participants;
  std::string overdue = "1m", settle = "10s";
  bool without_kafka = false;
};

// NAME[,NAME...]=URL[#SCHEMA]
audit::participant_access to_participant(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw failure(usage, "--participant needs NAME=URL, or NAME,NAME=URL#SCHEMA; got " + text);
  audit::participant_access p;
  for (std::size_t at = 0; at < equals;) {
    const auto end = std::min(text.find(',', at), equals);
    p.names.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto hash = std::min(text.find('#', equals), text.size());
  p.url = text.substr(equals + 1, hash - equals - 1);
  if (hash < text.size()) p.schema = text.substr(hash + 1);
  return p;
}

std::int64_t milliseconds_of(const std::string& flag, const std::string& text) {
  const auto span = config::parse_duration(text);
  if (!span) throw failure(usage, flag + " needs a time span such as 30s or 2m");
  return span->count();
}

audit::settings to_settings(const context& x, const audit_flags& f) {
  audit::settings s;
  s.postgres = required(x, "postgres");
  for (const auto& p : f.participants) s.participants.push_back(to_participant(p));
  s.overdue_ms = milliseconds_of("--overdue", f.overdue);
  s.settle_ms = milliseconds_of("--settle", f.settle);
  s.horizon_ms = x.settings.duration("horizon").count();
  s.fence_retention_ms = x.settings.duration("fence_retention").count();
  if (f.without_kafka) return s;
  const auto to = kafka_of(x);
  s.log = audit::log_access{[to] { return kafka::open_reader(to, {.group = "skald.audit"}); },
                            [to] { return kafka::open_admin(to); }};
  return s;
}

ordered_json history_of(pg::connection& db, std::int64_t saga_no) {
  const auto past = read_history(db, saga_no);
  if (!past) return ordered_json::array();
  const auto row = db.exec(sql::definition::read, {past->definition});
  auto keep = std::make_shared<const stored_definition>(load_definition(row.text(0, 4)));
  auto steps = replay({past->definition, keep, keep->value(), "audit"}, *past).report["steps"];
  while (steps.size() > events_shown) steps.erase(steps.size() - 1);
  return steps;
}

ordered_json to_json(const audit::report& r, pg::connection& db) {
  ordered_json out = {{"exact", r.found.empty()},
                      {"sagas", r.sagas.sagas},
                      {"starts", r.sagas.starts},
                      {"born_aborted", r.sagas.born_aborted},
                      {"phases", ordered_json::object()},
                      {"journal_rows", r.sagas.rows},
                      {"impossible_commands", r.sagas.impossible}};
  for (const auto& [phase, n] : r.sagas.phases) out["phases"][std::string(phase)] = n;
  if (r.starts_read) out["starts_in_kafka"] = *r.starts_read;
  if (const auto& c = r.commands)
    out["records"] = {{"implied", c->implied},
                      {"in_kafka", c->read},
                      {"in_outbox", c->waiting},
                      {"not_provable", c->not_provable},
                      {"shortened_topics", c->shortened}};
  if (r.fence_rows > 0 || !r.effects.empty()) {
    out["fence_rows"] = r.fence_rows;
    for (const auto& [step, t] : r.effects)
      out["effects"][step] = {{"done", t.done}, {"standing", t.standing}};
  }
  out["service_seen_ms_ago"] = r.service_seen_ms_ago;
  out["seconds"] = r.seconds;
  out["mismatches"] = ordered_json::object();
  for (const auto& [kind, n] : r.found.counts()) out["mismatches"][std::string(kind)] = n;
  out["examples"] = ordered_json::array();
  std::size_t histories = 0;
  for (const auto& m : r.found.kept()) {
    ordered_json one = {{"kind", m.kind}, {"saga", m.saga}, {"key", m.key}, {"what", m.what}};
    if (m.saga_no != 0 && histories++ < histories_shown) one["history"] = history_of(db, m.saga_no);
    out["examples"].push_back(std::move(one));
  }
  return out;
}

void print_history(std::ostream& out, const ordered_json& steps) {
  for (const auto& s : steps) {
    out << "    " << s["seq"] << "  " << s["at"].get<std::string>() << "  "
        << s["event"].get<std::string>();
    if (s.contains("step")) out << " " << s["step"].get<std::string>();
    out << ": " << s["outcome"].get<std::string>();
    for (const auto& a : s["actions"]) {
      out << " -> " << a["action"].get<std::string>();
      if (a.contains("step")) out << " " << a["step"].get<std::string>();
    }
    out << (s.contains("differs") ? "  DIFFERS\n" : "\n");
  }
}

void print(std::ostream& out, const ordered_json& r) {
  const auto line = [&](const char* what) -> std::ostream& {
    return out << std::left << std::setw(22) << what;
  };
  line("sagas") << r["sagas"] << "  (";
  const char* comma = "";
  for (const auto& [phase, n] : r["phases"].items())
    out << std::exchange(comma, ", ") << phase << " " << n;
  out << ")\n";
  line("accepted starts") << r["starts"] << ", born aborted " << r["born_aborted"] << "\n";
  line("histories") << r["journal_rows"] << " events, decided again\n";
  if (r.contains("records")) {
    const auto& c = r["records"];
    line("records in Kafka") << c["in_kafka"] << " read, " << c["implied"] << " decided, "
                             << c["in_outbox"] << " still in the outbox\n";
    for (const auto& topic : c["shortened_topics"])
      line("") << "Kafka has removed the beginning of " << topic.get<std::string>() << "\n";
    if (c["not_provable"] != 0)
      line("") << c["not_provable"] << " may have been removed with it: nobody can tell\n";
    line("starts in Kafka") << r["starts_in_kafka"] << " read by the service\n";
  } else {
    line("records in Kafka") << "not looked at (--without-kafka)\n";
  }
  if (r.contains("effects")) {
    for (const auto& [step, t] : r["effects"].items())
      line("effects") << step << ": " << t["done"] << " in the sagas, " << t["standing"]
                      << " in the books\n";
  } else {
    line("participants' books") << "not looked at (--participant NAME=URL)\n";
  }
  for (const auto& m : r["examples"]) {
    out << "\n" << m["kind"].get<std::string>() << ": " << m["what"].get<std::string>() << "\n";
    if (m["saga"] != "")
      out << "    saga " << m["saga"].get<std::string>() << "  " << m["key"].get<std::string>()
          << "\n";
    if (m.contains("history")) print_history(out, m["history"]);
  }
  out << "\n";
  for (const auto& [kind, n] : r["mismatches"].items()) line(kind.c_str()) << n << "\n";
  out << (r["exact"].get<bool>() ? "exact" : "NOT EXACT") << "\n";
}

int audit_all(context& x, const audit_flags& f) {
  const auto settings = to_settings(x, f);
  const auto r = audit::run(settings);
  pg::connection db(settings.postgres);
  const auto report = to_json(r, db);
  if (x.output.format() == format::table)
    print(x.output.stream(), report);
  else
    x.output.show(report);
  return r.found.empty() ? done : failed;
}
}  // namespace

void add_audit(const commands& c) {
  const auto f = std::make_shared<audit_flags>();
  auto* const sub = c.add("audit", "Were all promises kept? Reads the tables, the books and Kafka",
                          [f](context& x) { return audit_all(x, *f); });
  sub->add_option("--participant", f->participants,
                  "NAME[,NAME...]=URL[#SCHEMA] of books to compare with; repeat it");
  sub->add_option("--overdue", f->overdue, "a timer may fire so much later than it is due");
  sub->add_option("--settle", f->settle, "how long the outbox may take to be empty");
  sub->add_flag("--without-kafka", f->without_kafka, "only the tables and the books");
}
}  // namespace skald::cli
