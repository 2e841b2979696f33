#include "orchestrator/bench/books_check.hpp"

namespace skald::bench {
namespace {
// Sagas of the run in a database: all, completed, aborted, not finished, journal rows promised.
constexpr char saga_counts[] = R"(
  select count(*), count(*) filter (where phase = 3), count(*) filter (where phase = 4),
         count(*) filter (where phase not in (3, 4)), coalesce(sum(seq), 0)::bigint
  from saga where no >= $1::bigint)";
// Rows, and sagas whose rows are not numbered 1 to the saga's seq.
constexpr char journal_counts[] = R"(
  select coalesce(sum(n), 0)::bigint, count(*) filter (where n <> seq or least <> 1 or most <> seq)
  from saga s join (select saga_no, count(*) n, min(seq) least, max(seq) most from journal
                    where saga_no >= $1::bigint group by saga_no) j on j.saga_no = s.no
  where s.no >= $1::bigint)";
constexpr char effect_counts[] = R"(
  select count(*) filter (where state = 'done') from fence)";

struct finding_list {
  std::vector<std::string> all;
  void expect(const std::string& what, std::int64_t found, std::int64_t expected) {
    if (found != expected)
      all.push_back(what + ": " + std::to_string(found) + ", and should be " +
                    std::to_string(expected));
  }
};
}  // namespace

std::vector<std::string> check_books(pg::connection& db, const std::string& participants_database,
                                     const load_result& load, std::int64_t preloaded) {
  // The preloaded are the oldest: the run's own begin behind them.
  const auto first =
      preloaded ? db.exec("select min(no) + $1::bigint from saga", {preloaded}).number(0, 0) : 0;
  const auto sagas = db.exec(saga_counts, {first});
  const auto journal = db.exec(journal_counts, {first});
  pg::connection participants(participants_database);
  const auto completed = sagas.number(0, 1);
  finding_list found;
  const auto number = [](std::uint64_t n) { return static_cast<std::int64_t>(n); };
  found.expect("sagas that never ended", number(load.never_ended), 0);
  found.expect("sagas in the database", sagas.number(0, 0), number(load.started_in_all));
  found.expect("sagas that are not finished", sagas.number(0, 3), 0);
  found.expect("aborted sagas", sagas.number(0, 2), number(load.aborted_in_all));
  found.expect("rows of the journal", journal.number(0, 0), sagas.number(0, 4));
  found.expect("sagas with a gap in their journal", journal.number(0, 1), 0);
  found.expect("effects at the participants", participants.exec(effect_counts).number(0, 0),
               3 * completed);
  found.expect("rows left in the outbox", db.exec("select count(*) from outbox_batch").number(0, 0),
               0);
  found.expect("quarantined records", db.exec("select count(*) from quarantine").number(0, 0), 0);
  return std::move(found.all);
}
}  // namespace skald::bench
