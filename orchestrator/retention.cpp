#include "orchestrator/retention.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/postgres/pipeline.hpp"

namespace skald {
namespace {
constexpr int readers_may_take_ms = 2'000;  // meanwhile the node's heart does not beat
constexpr char statement_timed_out[] = "57014";

std::int64_t now_ms(pg::connection& c) {
  return c.exec(sql::shard::now).number(0, 0);
}

std::string partition_name(std::int64_t from_ms) {
  return "journal_" + std::to_string(from_ms);
}

// Chunk by chunk, so that no commit of the hot path waits long for a row.
bool delete_sagas(pg::connection& c, std::int64_t from, std::int64_t to, std::int64_t before_ms) {
  while (c.exec(sql::retention::delete_sagas, {from, to, before_ms, finished_sagas_a_delete})
             .affected() > 0)
    failpoint::pass("retention.deleted");
  return c.exec(sql::retention::left, {from, to}).number(0, 0) == 0;
}

// Of a table that others may be reading, with a session of its own, as a transaction may not do it.
// False: they read on for too long; the next run finishes it.
bool change(const std::string& url, const std::string& statement) try {
  pg::pipeline own(url);
  own.exec("set statement_timeout = " + std::to_string(readers_may_take_ms));
  own.exec(statement);
  return true;
} catch (const pg::error& e) {
  if (e.sqlstate != statement_timed_out) throw;
  return false;
}

// A partition that is left half detached would hold up every later one. Nothing: one still is.
std::optional<int> drop_leftovers(pg::connection& c, const std::string& url) {
  const auto left = c.exec(sql::retention::leftovers);
  for (std::size_t i = 0; i < left.rows(); ++i) {
    const auto r = c.exec(sql::retention::statements, {left.text(i, 0), 0, 0});
    if (left.boolean(i, 1) && !change(url, r.text(0, 4))) return std::nullopt;
    if (!change(url, r.text(0, 3))) return std::nullopt;
  }
  return static_cast<int>(left.rows());
}

int drop_partitions(pg::connection& c, const std::string& url, std::int64_t before_ms) {
  const auto left = drop_leftovers(c, url);
  if (!left) return 0;
  int dropped = *left;
  const auto all = c.exec(sql::journal::partitions);
  for (std::size_t i = 0; i < all.rows(); ++i) {
    const auto from = all.number(i, 1), to = all.number(i, 2);
    if (saga_no::at_ms(to) > before_ms) break;
    if (c.exec(sql::retention::held_back, {from, to, before_ms}).boolean(0, 0)) continue;
    if (!delete_sagas(c, from, to, before_ms)) continue;
    const auto r = c.exec(sql::retention::statements, {all.text(i, 0), from, to});
    if (!change(url, r.text(0, 2))) break;
    failpoint::pass("retention.detached");
    if (!change(url, r.text(0, 3))) break;
    ++dropped;
  }
  return dropped;
}
}  // namespace

void make_journal_partitions(pg::connection& c, std::int64_t period_ms) {
  const auto now = now_ms(c);
  pg::transaction t(c);
  t.exec(sql::retention::lock);
  const auto last = t.exec(sql::journal::end).number(0, 0);
  auto from_ms = std::max(saga_no::at_ms(last), now - now % period_ms);
  for (; from_ms < now + (periods_ahead + 1) * period_ms; from_ms += period_ms) {
    const auto r =
        t.exec(sql::retention::statements, {partition_name(from_ms), saga_no::first(from_ms, 0),
                                            saga_no::first(from_ms + period_ms, 0)});
    t.exec(r.text(0, 0));
    t.exec(r.text(0, 1));
  }
  t.commit();
}

int drop_old_partitions(pg::connection& c, const std::string& url, std::int64_t horizon_ms) {
  if (!c.exec(sql::retention::try_lock).boolean(0, 0)) return 0;
  const auto dropped = drop_partitions(c, url, now_ms(c) - horizon_ms);
  c.exec(sql::retention::unlock);
  return dropped;
}
}  // namespace skald
