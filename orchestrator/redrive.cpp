#include "orchestrator/redrive.hpp"

#include "orchestrator/sql.hpp"

namespace skald {
namespace {
bool change(pg::connection& on, const char* statement, const char* action, std::int64_t no,
            std::string_view actor, std::string_view reason) {
  pg::transaction t(on);
  if (t.exec(statement, {no}).rows() == 0) return false;
  t.exec(sql::installation::audit, {actor, action, "record " + std::to_string(no), reason});
  t.commit();
  return true;
}
}  // namespace

redrive redrive_of(const read_model::quarantined& q) {
  const auto name = "Record " + std::to_string(q.no);
  if (!q.redriven_at.empty()) return {{}, name + " was redriven before, at " + q.redriven_at + "."};
  if (!q.key || !q.payload)
    return {{}, name + " has no " + (q.key ? "data" : "key") + ": it can only be dropped."};
  return {{.topic = q.topic, .key = *q.key, .headers = q.headers, .value = *q.payload}, {}};
}

bool mark_redriven(pg::connection& on, std::int64_t no, std::string_view actor,
                   std::string_view reason) {
  return change(on, sql::quarantine::mark_redriven, "quarantine redrive", no, actor, reason);
}

bool drop_quarantined(pg::connection& on, std::int64_t no, std::string_view actor,
                      std::string_view reason) {
  return change(on, sql::quarantine::drop, "quarantine drop", no, actor, reason);
}
}  // namespace skald
