#include "orchestrator/read_model_installation.hpp"

#include "orchestrator/replay/describe.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/frame.hpp"

namespace skald::read_model {
namespace {
quarantined to_quarantined(const pg::result& rows, std::size_t i) {
  quarantined q;
  q.no = rows.number(i, 0);
  q.at = time_text(rows.number(i, 1));
  q.topic = rows.text(i, 2);
  q.reason = rows.text(i, 3);
  if (!rows.is_null(i, 4)) q.redriven_at = time_text(rows.number(i, 4));
  q.partition = static_cast<std::int32_t>(rows.number(i, 5));
  q.offset = rows.number(i, 6);
  if (!rows.is_null(i, 7)) q.key = rows.data(i, 7);
  if (!rows.is_null(i, 8)) q.payload = rows.data(i, 8);
  const auto packed = rows.data(i, 9);
  std::string_view rest = packed;
  wire::frame frame;
  if (!rest.empty() && wire::read_frame(rest, frame))
    for (const auto& h : frame.headers) q.headers.emplace_back(h.name, h.value);
  return q;
}
}  // namespace

std::vector<quarantined> quarantine(pg::connection& on, const quarantine_filter& f) {
  const auto rows = on.exec(sql::read::quarantine, {f.below_no, f.topic, f.redriven_too, f.limit});
  std::vector<quarantined> all;
  for (std::size_t i = 0; i < rows.rows(); ++i) all.push_back(to_quarantined(rows, i));
  return all;
}

std::optional<quarantined> quarantined_record(pg::connection& on, std::int64_t no) {
  const auto rows = on.exec(sql::read::quarantined_record, {no});
  if (rows.rows() == 0) return std::nullopt;
  return to_quarantined(rows, 0);
}

std::vector<node> nodes(pg::connection& on) {
  const auto rows = on.exec(sql::read::nodes, {alive_within_seconds});
  std::vector<node> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({.id = rows.text(i, 0),
                   .host = rows.text(i, 1),
                   .version = rows.text(i, 2),
                   .started_at = time_text(rows.number(i, 3)),
                   .seen_at = time_text(rows.number(i, 4)),
                   .alive = rows.boolean(i, 5)});
  return all;
}
}  // namespace skald::read_model
