#include "orchestrator/audit/snapshot.hpp"

#include <chrono>
#include <limits>

#include "orchestrator/replay/history.hpp"
#include "orchestrator/sql.hpp"
#include "sagas/json.hpp"

namespace skald::audit {
namespace {
constexpr std::chrono::seconds longest_query{120};
constexpr std::int32_t heads_a_page = 2'000, refused_a_page = 500;
constexpr std::int64_t last_no = std::numeric_limits<std::int64_t>::max();
}  // namespace

snapshot::snapshot(const std::string& url) : db_(url) {
  db_.prepare("facts", sql::audit::facts);
  db_.prepare("sagas", sql::audit::sagas);
  db_.prepare("rows", sql::replay::many_rows);
  db_.prepare("shards", sql::audit::shards);
  db_.prepare("definitions", sql::audit::definitions);
  db_.prepare("next_packed", sql::audit::next_packed);
  db_.prepare("refused", sql::audit::not_sent);
  db_.exec(sql::audit::begin);
  const auto facts = ask("facts", {});
  now_ms_ = facts.number(0, 0);
  if (!facts.is_null(0, 1)) prefix_ = facts.data(0, 1);
  journal_rows_ = facts.number(0, 2);
  service_seen_ms_ago_ = facts.number(0, 3);
  read_definitions();
}

pg::binary_result snapshot::ask(const char* prepared, const pg::binary_parameters& p) {
  db_.send(prepared, p);
  db_.sync();
  if (!db_.wait(longest_query))
    throw pg::error("PostgreSQL did not answer a question of the audit within 2 minutes", "", true);
  if (db_.outcome().fate != pg::fate::committed)
    throw pg::error(db_.outcome().sentence, db_.outcome().sqlstate, !db_.is_open());
  return db_.result(0);
}

void snapshot::read_definitions() {
  const auto rows = ask("definitions", {});
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const auto no = static_cast<std::int32_t>(rows.number(i, 0));
    auto keep = std::make_shared<const stored_definition>(load_definition(rows.data(i, 1)));
    by_no_[no] = std::make_unique<compiled>(no, keep, keep->value(), prefix_);
  }
}

// As many sagas as have together at most a page of journal rows, and at least one.
std::vector<saga_head> snapshot::heads_from(std::int64_t no) {
  pg::binary_parameters from;
  const auto rows = ask("sagas", from.add_int8(no).add_int4(heads_a_page));
  std::vector<saga_head> heads;
  std::int64_t journal = 0;
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    saga_head h;
    h.no = rows.number(i, 0);
    h.id = uuid{rows.uuid(i, 1)};
    h.key = rows.data(i, 2);
    h.state = rows.data(i, 3);
    h.definition = static_cast<std::int32_t>(rows.number(i, 4));
    h.seq = static_cast<std::int32_t>(rows.number(i, 5));
    h.phase = static_cast<std::uint8_t>(rows.number(i, 6));
    h.due_ms = rows.number(i, 7);
    h.listed = rows.number(i, 8) != 0;
    journal += h.seq;
    if (journal > max_rows_a_page && !heads.empty()) break;
    heads.push_back(std::move(h));
  }
  return heads;
}

void snapshot::each_saga(const visitor& visit, const std::function<void(std::int64_t)>& orphan) {
  std::vector<recorded> history;
  for (std::int64_t from = 0;;) {
    const auto heads = heads_from(from);
    const auto to = heads.empty() ? last_no : heads.back().no;
    pg::binary_parameters range;
    const auto rows = ask("rows", range.add_int8(from).add_int8(to));
    std::size_t i = 0;
    const auto skip_orphans = [&](std::int64_t before) {
      for (std::int64_t last = -1; i < rows.rows() && rows.number(i, 0) < before; ++i)
        if (rows.number(i, 0) != last) orphan(last = rows.number(i, 0));
    };
    for (const auto& h : heads) {
      skip_orphans(h.no);
      history.clear();
      for (; i < rows.rows() && rows.number(i, 0) == h.no; ++i)
        history.push_back(recorded_of(rows, i));
      visit(h, history);
    }
    if (heads.empty()) return skip_orphans(last_no);
    from = to + 1;
  }
}

std::vector<shard_mark> snapshot::shards(const std::string& topic) {
  pg::binary_parameters name;
  const auto rows = ask("shards", name.add_bytes(topic));
  std::vector<shard_mark> all;
  for (std::size_t i = 0; i < rows.rows(); ++i)
    all.push_back({static_cast<std::int16_t>(rows.number(i, 0)), rows.number(i, 1),
                   rows.is_null(i, 2) ? -1 : rows.number(i, 2)});
  return all;
}

void snapshot::each_packed(
    const std::function<void(std::int16_t, std::int64_t, std::int32_t, std::string_view)>& visit) {
  std::int16_t shard = -1;
  for (std::int64_t seq = 0;;) {
    pg::binary_parameters p;
    const auto row = ask("next_packed", p.add_int2(shard).add_int8(seq));
    if (row.rows() == 0) return;
    shard = static_cast<std::int16_t>(row.number(0, 0));
    seq = row.number(0, 1);
    visit(shard, seq, static_cast<std::int32_t>(row.number(0, 2)), row.data(0, 3));
  }
}

void snapshot::each_refused(const std::function<void(std::string_view)>& visit) {
  for (std::int64_t after = 0;;) {
    pg::binary_parameters p;
    const auto rows = ask("refused", p.add_int8(after).add_int4(refused_a_page));
    if (rows.rows() == 0) return;
    for (std::size_t i = 0; i < rows.rows(); ++i) visit(rows.data(i, 1));
    after = rows.number(rows.rows() - 1, 0);
  }
}
}  // namespace skald::audit
