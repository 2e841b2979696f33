// The participant library and the inbox on a real PostgreSQL: one bad command does not fail the
// others, a batch is folded, what is not understood is set aside, a second writer is noticed.
#include <doctest/doctest.h>

#include "skald/inbox.hpp"
#include "tests/contract/shop_world.hpp"

using namespace skald;
using namespace skald::test;
using wire::outcome;

namespace {
using outcomes = std::vector<outcome>;
}  // namespace

TEST_CASE("a batch is folded: repeats, undos and late commands of one step in one transaction") {
  shop_world w;
  w.take(0, "tea");
  w.take(0, "tea");
  w.give_back(0);
  w.take(0, "tea");
  w.give_back(0);
  w.take(1, "gone");
  w.take(1, "gone");
  w.take(2, "busy");
  CHECK(w.run() == outcomes{outcome::ok, outcome::ok, outcome::undone, outcome::refused,
                            outcome::undone, outcome::declined, outcome::declined, outcome::retry});
  CHECK(w.last[1].answer.repeated);
  CHECK(w.last[1].answer.data == w.last[0].answer.data);
  CHECK(w.last[7].answer.after.count() == 70);
  CHECK(w.count("taken") == 0);
  CHECK(w.count("fence") == 2);  // retry is not remembered
  // The same again, from the table.
  CHECK(w.run() == outcomes{outcome::refused, outcome::refused, outcome::undone, outcome::refused,
                            outcome::undone, outcome::declined, outcome::declined, outcome::retry});
}

TEST_CASE("an undo by name reaches the effect that the reply named, and no other") {
  shop_world w;
  w.take(0, "tea");
  w.take(1, "milk");
  w.give_back(1, "effect-99");
  w.give_back(0, "effect-1");
  CHECK(w.run() == outcomes{outcome::ok, outcome::ok, outcome::undone, outcome::undone});
  CHECK(w.count("taken where item = 'milk'") == 1);
  CHECK(w.count("taken") == 1);
}

TEST_CASE("a handler that throws fails its transaction, whole, and nothing is remembered") {
  shop_world w;
  w.take(0, "tea");
  w.take(1, "cursed");
  CHECK_THROWS_WITH(w.run(), "the handler fell over");
  CHECK(w.count("taken") == 0);
  CHECK(w.count("fence") == 0);
}

TEST_CASE("what is not understood is set aside with its bytes and answered by nobody") {
  shop_world w;
  w.add(0, wire::kind::do_, R"({"item":7})");
  w.add(0, wire::kind::do_, R"({"item":"x"})", "", "shop.Unknown.v1");
  w.add(0, wire::kind::settle, R"({"row":"declined"})");
  w.add(0, wire::kind::settle, R"({"row":"done","type":5,"reply":[]})");
  w.records[1].has_key = false;
  const std::string junk("\x00\xff", 2);
  w.kept[1]->headers.push_back({"x-junk", junk});
  w.records[1].headers = w.kept[1]->headers;
  w.take(1, "tea");
  CHECK(w.run() == outcomes{outcome::none, outcome::none, outcome::none, outcome::ok, outcome::ok});
  CHECK(w.count("set_aside") == 3);
  CHECK(w.count("set_aside where value = '{\"item\":7}'::bytea and key = 'k'::bytea") == 1);
  CHECK(w.count("set_aside where key is null and headers->-1 = '[\"x-junk\", \"00ff\"]'") == 1);
  CHECK(w.run().size() == 5);  // the same records again: no second row
  CHECK(w.count("set_aside") == 3);
}

TEST_CASE("two processes with the same new command: one of them must start over") {
  shop_world w;
  w.take(0, "tea");
  auto mine = w.read(), theirs = w.read();
  pg::connection second(w.database.url());
  fence::prepare(second);
  pg::transaction a(w.books);
  // Both read an empty fence; the first one commits.
  fence::memories seen{{mine[0].about, {}}};
  fence::load(a.native(), seen);
  {
    pg::transaction b(second);
    do_tasks(b.native(), theirs, w.handlers);
    b.commit();
  }
  remember(seen.begin()->second, outcome::ok, "", "shop.Taken.v1", "{}");
  CHECK_THROWS_AS(fence::save(a.native(), seen), pqxx::unique_violation);
  a.rollback();
  CHECK(w.run() == outcomes{outcome::ok});
  CHECK(w.last[0].answer.repeated);
  CHECK(w.count("taken") == 1);
}

TEST_CASE("the fence forgets only what is older than its retention, a bounded number at a time") {
  shop_world w;
  w.books.exec(
      "insert into fence (saga_id, step, state, at)"
      " select gen_random_uuid(), 's', 'done', now() - make_interval(hours => h)"
      "  from generate_series(1, 100) h");
  auto forget = [&](std::size_t limit) {
    pg::transaction tx(w.books);
    const auto n = fence::forget(tx.native(), std::chrono::hours(50), limit);
    tx.commit();
    return n;
  };
  CHECK(forget(30) == 30);
  CHECK(forget(30) == 21);
  CHECK(forget(30) == 0);
  CHECK(w.count("fence") == 49);
}

TEST_CASE("inbox: each id once for each consumer, in the caller's transaction") {
  shop_world w;
  const inbox loyalty({.consumer = "loyalty"}), billing({.consumer = "billing"});
  auto take = [&](const inbox& i, std::vector<std::string_view> ids, bool commit = true) {
    pg::transaction tx(w.books);
    auto taken = i.take(tx.native(), ids);
    if (commit) tx.commit();
    return taken;
  };
  using positions = std::vector<std::size_t>;
  CHECK(take(loyalty, {"b", "a", "b", "c'\\\""}) == positions{0, 1, 3});
  CHECK(take(loyalty, {"a", "d", "c'\\\""}) == positions{1});
  CHECK(take(billing, {"a", "d"}) == positions{0, 1});
  CHECK(take(loyalty, {"e"}, false) == positions{0});
  CHECK(take(loyalty, {"e"}) == positions{0});  // the first one was rolled back
  CHECK(take(loyalty, {}) == positions{});
}

TEST_CASE("inbox: forgets by age, and only its consumer's ids") {
  shop_world w;
  w.books.exec(
      "insert into inbox (consumer, message_id, at) select c, h::text,"
      "  now() - make_interval(hours => h) from generate_series(1, 20) h,"
      "  unnest('{loyalty,billing}'::text[]) c");
  const inbox loyalty({.consumer = "loyalty",
                       .retention = std::chrono::hours(10),
                       .horizon = std::chrono::hours(10)});
  pg::transaction tx(w.books);
  CHECK(loyalty.forget(tx.native(), 4) == 4);
  CHECK(loyalty.forget(tx.native()) == 7);
  CHECK(loyalty.forget(tx.native()) == 0);
  tx.commit();
  CHECK(w.count("inbox where consumer = 'billing'") == 20);
  CHECK(w.count("inbox where consumer = 'loyalty'") == 9);
}

TEST_CASE("settings that would let a command take effect twice are refused") {
  CHECK_THROWS_WITH(inbox({.consumer = "c", .retention = std::chrono::hours(5)}),
                    "inbox 'c': the retention of 5 h is shorter than the horizon of 336 h: a "
                    "message could take effect twice");
  CHECK_THROWS_AS(inbox({}), std::invalid_argument);
  participant_settings s{.name = "p", .kafka = "k:1", .postgres = "postgresql://x"};
  CHECK_NOTHROW(participant{s});
  s.fence_retention = std::chrono::hours(1);
  CHECK_THROWS_WITH(participant{s},
                    "participant 'p': fence_retention is 1 h, shorter than the horizon of 336 h: "
                    "a command could take effect a second time");
}
