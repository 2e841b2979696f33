#include "orchestrator/read_model.hpp"

#include "orchestrator/sql.hpp"
#include "outbox/ids.hpp"

namespace skald::read_model {
namespace {
std::vector<saga> to_sagas(const pg::result& rows) {
  std::vector<saga> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({.no = rows.number(i, 0),
                   .id = rows.text(i, 1),
                   .definition = rows.text(i, 2),
                   .version = rows.number(i, 3),
                   .key = rows.text(i, 4),
                   .phase = rows.text(i, 5),
                   .facet = rows.maybe(i, 6).value_or(""),
                   .seq = rows.number(i, 7),
                   .started_at = rows.text(i, 8),
                   .changed_at = rows.maybe(i, 9).value_or(""),
                   .due_at = rows.maybe(i, 10).value_or("")});
  return all;
}
}  // namespace

std::vector<saga> sagas(pg::connection& on, const saga_filter& f) {
  return to_sagas(on.exec(sql::read::sagas, {f.definition, f.phase, f.facet, f.below_no, f.limit}));
}

std::vector<saga> sagas_named(pg::connection& on, const std::string& id_or_key) {
  std::vector<std::string> ids;
  if (parse_uuid(id_or_key)) {
    ids.push_back(id_or_key);
  } else {
    const auto names = on.exec(sql::read::definition_names);
    for (std::size_t i = 0; i < names.rows(); ++i)
      ids.push_back(to_string(saga_id(saga_namespace(names.text(i, 0)), id_or_key)));
  }
  return to_sagas(on.exec(sql::read::sagas_by_id, {pg::array(ids)}));
}

std::vector<journal_line> history(pg::connection& on, std::int64_t saga_no, std::int64_t after_seq,
                                  int limit) {
  const auto rows = on.exec(sql::read::history, {saga_no, after_seq, limit});
  std::vector<journal_line> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({.seq = rows.number(i, 0),
                   .at = rows.maybe(i, 1).value_or(""),
                   .event = rows.maybe(i, 2).value_or("?"),
                   .step = rows.text(i, 4),
                   .type = rows.text(i, 5),
                   .message_id = rows.text(i, 6),
                   .outcome = rows.text(i, 7),
                   .payload = rows.text(i, 8)});
  return all;
}

counts count(pg::connection& on, const std::string& key_prefix) {
  const auto row = on.exec(sql::read::counts, {key_prefix});
  const auto noted = on.exec(sql::read::noted);
  return {.started = row.number(0, 0),
          .completed = row.number(0, 1),
          .aborted = row.number(0, 2),
          .in_flight = row.number(0, 3),
          .parked = row.number(0, 4),
          .stuck = row.number(0, 5),
          .quarantined = row.number(0, 6),
          .duplicates_noted = noted.number(0, 0),
          .early_noted = noted.number(0, 1)};
}

std::vector<shard_offset> shard_offsets(pg::connection& on) {
  const auto rows = on.exec(sql::read::shard_offsets);
  std::vector<shard_offset> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back(
        {rows.text(i, 0), static_cast<std::int32_t>(rows.number(i, 1)), rows.number(i, 2)});
  return all;
}
}  // namespace skald::read_model
