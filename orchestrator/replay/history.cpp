#include "orchestrator/replay/history.hpp"

#include <algorithm>
#include <stdexcept>

#include "orchestrator/sql.hpp"

namespace skald {
using machine::event_kind;

namespace {
// Views of a row survive moves of the vector's elements only when they are set again.
void point_at_own_texts(history& h) {
  for (auto& row : h.rows) {
    row.what.message_id = row.message_id;
    row.what.type = row.type;
    row.what.payload = row.payload;
  }
}

auto find(history& h, std::int32_t seq) {
  const auto at = std::find_if(h.rows.begin(), h.rows.end(),
                               [seq](const history::row& r) { return r.what.seq == seq; });
  if (at == h.rows.end())
    throw std::invalid_argument("this history has no event " + std::to_string(seq));
  return at;
}
}  // namespace

recorded recorded_of(const pg::binary_result& rows, std::size_t i) {
  const auto small = [&](std::size_t column) {
    return static_cast<std::uint8_t>(rows.number(i, column));
  };
  recorded r;
  r.seq = static_cast<std::int32_t>(rows.number(i, 1));
  r.event = from_journal({small(2), small(3), static_cast<std::int32_t>(rows.number(i, 4)),
                          static_cast<std::uint64_t>(rows.number(i, 5))},
                         rows.number(i, 11));
  r.message_id = rows.data(i, 6);
  r.type = rows.data(i, 7);
  r.payload = rows.data(i, 8);
  r.outcome = small(9);
  r.commands_hash = static_cast<std::uint64_t>(rows.number(i, 10));
  return r;
}

std::optional<history> read_history(pg::connection& db, std::int64_t saga_no) {
  const auto head = db.exec(sql::replay::head, {saga_no});
  if (head.rows() == 0) return std::nullopt;
  history h;
  h.no = saga_no;
  h.id = parse_uuid(head.text(0, 0)).value_or(uuid{});
  h.key = head.text(0, 1);
  h.definition = static_cast<std::int32_t>(head.number(0, 2));
  h.state = head.data(0, 3);
  h.seq = static_cast<std::int32_t>(head.number(0, 4));
  const auto rows = db.exec(sql::replay::rows, {saga_no, 0, h.seq});
  h.rows.resize(rows.rows());
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto& row = h.rows[i];
    const auto small = [&](std::size_t column) {
      return static_cast<std::uint8_t>(rows.number(i, column));
    };
    row.what.seq = static_cast<std::int32_t>(rows.number(i, 0));
    row.what.event = from_journal({small(1), small(2), static_cast<std::int32_t>(rows.number(i, 3)),
                                   static_cast<std::uint64_t>(rows.number(i, 4))},
                                  rows.number(i, 10));
    row.message_id = rows.text(i, 5);
    row.type = rows.text(i, 6);
    row.payload = rows.data(i, 7);
    row.what.outcome = small(8);
    row.what.commands_hash = static_cast<std::uint64_t>(rows.number(i, 9));
  }
  point_at_own_texts(h);
  return h;
}

void drop(history& h, std::int32_t seq) {
  h.rows.erase(find(h, seq));
  point_at_own_texts(h);
}

void duplicate(history& h, std::int32_t seq) {
  const auto at = find(h, seq);
  h.rows.insert(at + 1, *at);
  point_at_own_texts(h);
}

void swap(history& h, std::int32_t a, std::int32_t b) {
  const auto first = find(h, a), second = find(h, b);
  std::iter_swap(first, second);
  std::swap(first->what.event.at_ms, second->what.event.at_ms);  // time still goes forward
  point_at_own_texts(h);
}

void fail(history& h, const definition& d, std::string_view step) {
  const auto named = std::find_if(d.steps.begin(), d.steps.end(),
                                  [&](const skald::step& s) { return s.name == step; });
  if (named == d.steps.end())
    throw std::invalid_argument("the definition has no step `" + std::string(step) + "`");
  const auto no = static_cast<std::uint8_t>(named - d.steps.begin());
  bool found = false;
  for (auto& row : h.rows)
    if (row.what.event.kind == event_kind::ok && row.what.event.step == no) {
      row.what.event.kind = event_kind::declined;
      row.type = named->failed.empty() ? std::string(no_data) : std::string(named->failed[0]);
      row.payload = "{}";
      found = true;
    }
  if (!found)
    throw std::invalid_argument("step `" + std::string(step) + "` never succeeded in this history");
  point_at_own_texts(h);
}

std::vector<std::int32_t> retell(history& h, const definition& from, const definition& to) {
  std::vector<std::int32_t> left_out;
  std::erase_if(h.rows, [&](history::row& row) {
    auto& step = row.what.event.step;
    if (step == machine::whole_saga || step >= from.steps.size()) return false;
    for (std::uint8_t i = 0; i < to.steps.size(); ++i)
      if (to.steps[i].name == from.steps[step].name) {
        step = i;
        return false;
      }
    left_out.push_back(row.what.seq);
    return true;
  });
  point_at_own_texts(h);
  return left_out;
}
}  // namespace skald
