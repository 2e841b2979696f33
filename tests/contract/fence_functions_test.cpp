// The fence as SQL functions, for participants in any language, against the fence of the library:
// whatever comes in whatever order, both say the same and remember the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "outbox/fence.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/support/postgres.hpp"

using namespace skald;
using wire::kind;
using wire::outcome;

namespace {
using verdicts = std::vector<std::string>;  // "<verdict> <reply type> <reply>"

struct message {
  kind what;
  std::string occurrence, word;
  fence::state to = fence::state::done;  // of a settle
  bool with_reply = false;
};

std::string said(std::string_view verdict, std::string_view type, std::string_view reply) {
  auto text = std::string(verdict) + " " + std::string(type) + " " + std::string(reply);
  std::erase(text, ' ');  // PostgreSQL writes JSON with more of them
  return text;
}

struct twins {
  twins(pg::connection& c, unsigned seed, bool is_pivot) : books(c), dice(seed), pivot(is_pivot) {
    saga = books.exec("select gen_random_uuid()").text(0, 0);
    own_id = saga + "/pay/do/0";
  }

  int below(int n) { return static_cast<int>(dice() % static_cast<unsigned>(n)); }

  message draw() {
    const std::string names[] = {"", "", own_id, "e-1", "stranger"};
    message m{.what = std::array{kind::do_, kind::undo, kind::settle}[below(3)],
              .occurrence = pivot ? "" : names[below(5)],
              .word = "{}"};
    m.to = std::array{fence::state::undone, fence::state::fenced, fence::state::done}[below(3)];
    m.with_reply = below(2) == 0;
    if (m.what == kind::settle)
      m.word = std::string(R"({"row":")") + std::string(name(m.to)) + '"' +
               (m.with_reply ? R"(,"type":"By.Hand.v1","reply":{"by":"hand"})" : "") + "}";
    return m;
  }

  verdicts ask_library(const message& m, outcome to_remember) {
    const fence::question q{
        .kind = m.what, .occurrence = m.occurrence, .own_id = own_id, .pivot = pivot};
    if (m.what == kind::settle) {
      const auto& row =
          fence::settle(memory, q, m.to, m.with_reply ? "By.Hand.v1" : "", R"({"by":"hand"})");
      if (m.to != fence::state::done) return {said("undone", "", "")};
      return {said("ok", row.reply_type, row.reply)};
    }
    const auto d = fence::decide(memory, q);
    using what = fence::decision::what;
    if (d.act == what::run) {
      if (to_remember != outcome::retry)
        fence::remember(memory, to_remember, "e-1", "Paid.v1", R"({"n":1})");
      return {said("run", "", "")};
    }
    if (d.act == what::answer)
      return {d.remembered ? said(name(d.outcome), d.remembered->reply_type, d.remembered->reply)
                           : said(name(d.outcome), "", "")};
    verdicts all;
    for (const auto* row : d.effects)
      all.push_back(!row ? said("undo", "", "none")
                         : said("undo", row->reply_type, row->reply.empty() ? "{}" : row->reply));
    fence::remember_undone(memory, q);
    std::sort(all.begin(), all.end());
    all.push_back(said("undone", "", ""));
    return all;
  }

  verdicts ask_functions(const message& m, outcome to_remember) {
    const auto kind_name = std::string(name(m.what));
    const auto rows = books.exec(
        "select verdict, reply_type, coalesce(convert_from(reply, 'UTF8'), 'none')"
        " from fence_ask($1, $2, 'pay', $3, $4, $5, convert_to($6, 'UTF8'))",
        {saga + "/pay/" + kind_name + "/0", saga, kind_name, m.occurrence, pivot, m.word});
    verdicts all;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      all.push_back(said(rows.text(i, 0), rows.text(i, 1), rows.text(i, 2)));
    if (all == verdicts{"run"})
      books.exec("select fence_remember($1, 'pay', $2, 'e-1', 'Paid.v1', $3)",
                 {saga, std::string(name(to_remember)), pg::bytes{R"({"n":1})"}});
    if (all.size() > 1) std::sort(all.begin(), all.end() - 1);
    return all;
  }

  verdicts remembered_by_functions() {
    const auto rows = books.exec(
        "select occurrence, state from fence where saga_id = $1 order by occurrence", {saga});
    verdicts all;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      all.push_back(rows.text(i, 0) + ":" + rows.text(i, 1));
    return all;
  }
  verdicts remembered_by_library() {
    verdicts all;
    for (const auto& r : memory.rows) all.push_back(r.occurrence + ":" + std::string(name(r.now)));
    std::sort(all.begin(), all.end());
    return all;
  }

  pg::connection& books;
  std::mt19937 dice;
  bool pivot;
  std::string saga, own_id;
  fence::memory memory;
};
}  // namespace

TEST_CASE("the functions and the library say the same, whatever comes") {
  test::database database("skald_fence");
  pg::connection books(database.url());
  migrate_up(books, "participant", pg::read_migrations(SKALD_PARTICIPANT_MIGRATIONS));
  books.exec("set synchronous_commit = off");
  constexpr unsigned seeds = 60;
  constexpr int messages = 8;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    twins t(books, seed, seed % 4 == 0);
    for (int i = 0; i < messages; ++i) {
      const auto m = t.draw();
      const auto outcomes = std::array{outcome::ok, outcome::ok, outcome::declined, outcome::retry};
      const auto to_remember = outcomes[static_cast<std::size_t>(t.below(4))];
      CAPTURE(name(m.what));
      CAPTURE(m.occurrence);
      CAPTURE(m.word);
      const auto by_library = t.ask_library(m, to_remember);
      REQUIRE(t.ask_functions(m, to_remember) == by_library);
    }
    CHECK(t.remembered_by_functions() == t.remembered_by_library());
  }
}

TEST_CASE("what makes no sense to the fence has no verdict, and leaves nothing") {
  test::database database("skald_fence");
  pg::connection books(database.url());
  migrate_up(books, "participant", pg::read_migrations(SKALD_PARTICIPANT_MIGRATIONS));
  const std::string saga = "00000000-0000-5000-8000-000000000000";
  auto ask = [&](const std::string& id, const std::string& kind, const std::string& named,
                 bool pivot, const std::string& word) {
    return books
        .exec("select count(*) from fence_ask($1, $2, 's', $3, $4, $5, $6)",
              {id, saga, kind, named, pivot, pg::bytes{word}})
        .number(0, 0);
  };
  CHECK(ask(saga + "/s/do/0", "do", "", false, "{}") == 1);
  CHECK(ask(saga + "/other/do/0", "do", "", false, "{}") == 0);
  CHECK(ask(saga + "/s/undo/0", "do", "", false, "{}") == 0);
  CHECK(ask(saga + "/s/do/x", "do", "", false, "{}") == 0);
  CHECK(ask("", "do", "", false, "{}") == 0);
  CHECK(ask(saga + "/s/undo/1", "undo", "by name", true, "{}") == 0);
  CHECK(ask(saga + "/s/settle/1", "settle", "", false, "{") == 0);
  CHECK(ask(saga + "/s/settle/1", "settle", "", false, "\xff") == 0);
  CHECK(ask(saga + "/s/settle/1", "settle", "", false, R"({"row":"declined"})") == 0);
  CHECK(ask(saga + "/s/dance/1", "dance", "", false, "{}") == 0);
  CHECK(books.exec("select count(*) from fence").number(0, 0) == 0);
}

TEST_CASE("of two transactions with the same new command, the second one fails") {
  test::database database("skald_fence");
  pg::connection first(database.url()), second(database.url());
  migrate_up(first, "participant", pg::read_migrations(SKALD_PARTICIPANT_MIGRATIONS));
  const std::string ask =
      "select verdict from fence_ask('00000000-0000-5000-8000-000000000000/s/do/0'"
      ", '00000000-0000-5000-8000-000000000000', 's', 'do', '', false, '')";
  const std::string keep =
      "select fence_remember('00000000-0000-5000-8000-000000000000', 's',"
      " 'ok', '', 'T', '{}')";
  pg::transaction mine(first), theirs(second);
  CHECK(mine.exec(ask).text(0, 0) == "run");
  CHECK(theirs.exec(ask).text(0, 0) == "run");
  mine.exec(keep);
  mine.commit();
  CHECK_THROWS_AS(theirs.exec(keep), pg::error);
}
