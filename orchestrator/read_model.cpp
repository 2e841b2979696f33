#include "orchestrator/read_model.hpp"

#include <algorithm>

#include "orchestrator/definitions.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/ids.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald::read_model {
namespace {
constexpr int examined_at_once = 20'000, rounds = max_examined / examined_at_once;
constexpr int rows_at_once = 500;

std::string time_or_none(std::int64_t at_ms) {
  return at_ms > 0 ? time_text(at_ms) : std::string();
}

std::optional<int> phase_number(const std::optional<std::string>& word) {
  if (!word) return std::nullopt;
  for (int i = 0; i < 5; ++i)
    if (name(static_cast<machine::phase>(i)) == *word) return i;
  return -1;  // none has it
}

bool has(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}
}  // namespace

struct reader::found {
  read_model::saga row;
  const stored_definition* definition = nullptr;
  std::optional<machine::saga> state;  // none: of a newer skald
};

const stored_definition& reader::definition(std::int64_t no) {
  if (const auto known = definitions_.find(no); known != definitions_.end()) return known->second;
  if (definitions_.size() >= max_definitions_kept) definitions_.clear();
  const auto row = on_.exec(sql::definition::read, {no});
  return definitions_.emplace(no, load_definition(row.text(0, 4))).first->second;
}

reader::found reader::to_found(const pg::result& rows, std::size_t i) {
  found out;
  const auto no = rows.number(i, 0);
  out.row = {.no = no,
             .id = rows.text(i, 1),
             .definition = rows.text(i, 3),
             .version = rows.number(i, 4),
             .key = rows.text(i, 5),
             .phase = std::string(name(static_cast<machine::phase>(rows.number(i, 6)))),
             .facets = {},
             .seq = rows.number(i, 7),
             .started_at = time_or_none(saga_no::at_ms(no)),
             .changed_at = time_or_none(rows.number(i, 8)),
             .due_at = time_or_none(rows.number(i, 9))};
  out.definition = &definition(rows.number(i, 2));
  out.state = machine::decode(rows.data(i, 10));
  if (out.state && out.state->steps.size() != out.definition->value().steps.size())
    out.state.reset();
  if (out.state) out.row.facets = facets(**out.definition, *out.state);
  return out;
}

page reader::sagas(const saga_filter& f) {
  page out;
  const bool finished = f.phase == "completed" || f.phase == "aborted";
  const char* const source = f.facet ? "listed" : f.phase && !finished ? "open" : "all";
  const auto limit = std::clamp(f.limit, 1, max_page);
  auto below = f.below_no;
  for (int round = 0; round < rounds; ++round) {
    const auto rows = on_.exec(sql::read::sagas, {below, f.definition, phase_number(f.phase),
                                                  source, rows_at_once, examined_at_once});
    const bool any = !rows.is_null(0, 0);
    for (std::size_t i = 0; any && i < rows.rows(); ++i) {
      auto next = to_found(rows, i).row;
      below = next.no;
      if (f.facet && !has(next.facets, *f.facet)) continue;
      if (static_cast<int>(out.sagas.size()) == limit) {
        out.next_below = out.sagas.back().no;
        return out;
      }
      out.sagas.push_back(std::move(next));
    }
    if (any && rows.rows() == rows_at_once) continue;
    const auto until = rows.number(0, 11);
    if (until == 0) return out;
    below = until;
  }
  out.next_below = below;
  return out;
}

std::vector<saga> reader::named(std::string_view id_or_key) {
  std::vector<std::string> ids;
  if (parse_uuid(id_or_key)) {
    ids.emplace_back(id_or_key);
  } else {
    const auto names = on_.exec(sql::read::definition_names);
    for (std::size_t i = 0; i < names.rows(); ++i)
      ids.push_back(to_string(saga_id(saga_namespace(names.text(i, 0)), id_or_key)));
  }
  const auto rows = on_.exec(sql::read::sagas_by_id, {pg::array(ids)});
  std::vector<saga> all;
  for (std::size_t i = 0; i < rows.rows(); ++i) all.push_back(to_found(rows, i).row);
  return all;
}

std::optional<detail> reader::show(std::string_view id) {
  if (!parse_uuid(id)) return std::nullopt;
  const auto rows = on_.exec(sql::read::sagas_by_id, {pg::array(std::vector{std::string(id)})});
  if (rows.rows() == 0) return std::nullopt;
  const auto seen = to_found(rows, 0);
  detail out;
  out.head = seen.row;
  if (seen.state) {
    const auto& d = seen.definition->value();
    out.state = describe(d, *seen.state);
    out.waits_for = skald::waits_for(d, *seen.state);
    out.operator_items = skald::operator_items(d, *seen.state);
  }
  const auto heard = on_.exec(sql::read::heard, {seen.row.no});
  for (std::size_t i = 0; i < heard.rows(); ++i) out.heard[heard.text(i, 0)] = heard.number(i, 1);
  return out;
}

std::vector<participant> reader::participants() {
  std::map<std::string, participant> all;
  const auto stored = on_.exec(sql::read::definitions);
  for (std::size_t i = 0; i < stored.rows(); ++i)
    for (const auto& name : definitions::participants(*definition(stored.number(i, 0)))) {
      auto& p = all[name];
      p.name = name;
      p.topic = name + ".commands";
      p.definitions.push_back(stored.text(i, 1) + "/" + stored.text(i, 2));
    }
  const auto open = on_.exec(sql::read::oldest_open, {max_waiting_counted});
  for (std::size_t i = 0; i < open.rows(); ++i) {
    const auto saga = to_found(open, i);
    if (!saga.state) continue;
    for (const auto& [name, attempts] : asked(**saga.definition, *saga.state)) {
      ++all[std::string(name)].waiting;
      if (attempts > 1) ++all[std::string(name)].retrying;
    }
  }
  std::vector<participant> out;
  for (auto& [name, p] : all) out.push_back(std::move(p));
  return out;
}

std::vector<journal_line> history(pg::connection& on, std::int64_t saga_no, std::int64_t after_seq,
                                  int limit) {
  const auto rows = on.exec(sql::read::history, {saga_no, after_seq, limit});
  std::vector<journal_line> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({.seq = rows.number(i, 0),
                   .at = time_or_none(rows.number(i, 1)),
                   .event = rows.maybe(i, 2).value_or("?"),
                   .step = rows.text(i, 3),
                   .type = rows.text(i, 4),
                   .message_id = rows.text(i, 5),
                   .outcome = rows.text(i, 6),
                   .payload = rows.text(i, 7)});
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
