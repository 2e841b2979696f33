// The participant library and the inbox on a real PostgreSQL: one bad command does not fail the
// others, a batch is folded, what is not understood is set aside, a second writer is noticed.
#include <doctest/doctest.h>

#include <array>
#include <map>
#include <pqxx/pqxx>

#include "outbox/kafka/connection.hpp"
#include "outbox/kafka/mock_cluster.hpp"
#include "outbox/participant_batch.hpp"
#include "outbox/postgres/migrate.hpp"
#include "skald/inbox.hpp"
#include "tests/support/postgres.hpp"

using namespace skald;
using wire::outcome;

namespace shop {
struct Take {
  std::string item;
};
struct Taken {
  std::string item;
  int no;
};
struct Sold {
  std::string item;
};
struct Return {
  std::string item;
};
}  // namespace shop

namespace {
// A participant's database, its handlers, and records for them.
struct shop_world {
  shop_world() : books(database.url()) {
    migrate_up(books, "participant", pg::read_migrations(SKALD_PARTICIPANT_MIGRATIONS));
    fence::prepare(books);
    books.exec("create table taken (no int generated always as identity, item text)");
    handlers.commands["shop.Take.v1"] = [](transaction& tx, const request&, std::string_view data) {
      const auto c = detail::read_message<shop::Take>(data);
      if (c.item == "cursed") throw std::runtime_error("the handler fell over");
      if (c.item == "gone") return declined(shop::Sold{c.item});
      if (c.item == "busy") return response(retry(std::chrono::milliseconds(70)));
      const auto no =
          tx.exec_params1("insert into taken (item) values ($1) returning no", c.item)[0].as<int>();
      return ok(shop::Taken{c.item, no}).named("effect-" + std::to_string(no));
    };
    handlers.undos["shop.Return.v1"] = [](transaction& tx, const effect& e,
                                          std::string_view) -> std::optional<later> {
      const auto taken = e.as<shop::Taken>();
      tx.exec_params("delete from taken where no = $1", taken ? taken->no : -1);
      return std::nullopt;
    };
  }

  // Keeps what the record's views point to.
  struct stored {
    std::string id, value, occurrence;
    std::vector<wire::header> headers;
  };
  void add(int saga, wire::kind kind, std::string value, std::string occurrence = "",
           const char* type = nullptr) {
    auto s = std::make_unique<stored>();
    static const std::string sagas[] = {"00000000-0000-5000-8000-000000000000",
                                        "00000000-0000-5000-8000-000000000001",
                                        "00000000-0000-5000-8000-000000000002"};
    const auto& id = sagas[saga];
    s->id = id + "/take/" + std::string(name(kind)) + (kind == wire::kind::do_ ? "/0" : "/1");
    s->value = std::move(value);
    s->occurrence = std::move(occurrence);
    const char* usual = kind == wire::kind::do_    ? "shop.Take.v1"
                        : kind == wire::kind::undo ? "shop.Return.v1"
                                                   : "skald.settle.v1";
    s->headers = {{"content-type", "application/json"},
                  {"ce_specversion", "1.0"},
                  {"ce_source", "/test"},
                  {"ce_type", type ? type : usual},
                  {"ce_id", s->id},
                  {"ce_partitionkey", "k"},
                  {"ce_correlationid", id},
                  {"ce_sagatype", "shop"},
                  {"ce_sagaversion", "1"},
                  {"ce_sagastep", "take"},
                  {"ce_sagaattempt", "1"},
                  {"ce_sagakind", name(kind)},
                  {"ce_sagareplyto", "inbox"},
                  {"ce_sagatoken", "1.x"}};
    if (!s->occurrence.empty()) s->headers.push_back({"ce_sagaoccurrence", s->occurrence});
    records.push_back({.topic = "shop.commands",
                       .offset = std::int64_t(records.size()),
                       .key = "k",
                       .value = s->value,
                       .has_key = true,
                       .has_value = true,
                       .headers = s->headers});
    kept.push_back(std::move(s));
  }
  void take(int saga, const std::string& item) {
    add(saga, wire::kind::do_, R"({"item":")" + item + R"("})");
  }
  void give_back(int saga, std::string occurrence = "") {
    add(saga, wire::kind::undo, R"({"item":""})", std::move(occurrence));
  }

  std::vector<task> read() {
    std::vector<task> tasks;
    for (const auto& r : records) tasks.push_back(read_task(r, handlers));
    return tasks;
  }
  // All of it in one transaction.
  std::vector<outcome> run() {
    auto tasks = read();
    pg::transaction tx(books);
    do_tasks(tx.native(), tasks, handlers);
    tx.commit();
    std::vector<outcome> outcomes;
    for (const auto& t : tasks) outcomes.push_back(t.answer.outcome);
    last = std::move(tasks);
    return outcomes;
  }
  std::int64_t count(const std::string& what) {
    return books.exec("select count(*) from " + what).number(0, 0);
  }

  test::database database{"skald_shop"};
  pg::connection books;
  participant_handlers handlers;
  std::vector<std::unique_ptr<stored>> kept;
  std::vector<wire::record> records;
  std::vector<task> last;
};
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

TEST_CASE("one bad command is answered retry, and does not fail the others of its batch") {
  shop_world w;
  w.take(0, "tea");
  w.take(1, "cursed");
  w.take(2, "milk");
  kafka::mock_cluster cluster;
  cluster.create_topic("shop.commands", 1);
  cluster.create_topic("inbox", 1);
  const auto writer = kafka::open_writer({.bootstrap = cluster.bootstrap()}, {},
                                         [](const log_writer::delivery&) {});
  for (const auto& r : w.records) writer->send(r.topic, r.key, r.headers, r.value, 0);
  REQUIRE(writer->flush(std::chrono::seconds(60)));

  participant shop({.name = "shop", .kafka = cluster.bootstrap(), .postgres = w.database.url()});
  shop.on<shop::Take>([](transaction& tx, const shop::Take& c) -> response {
    tx.exec_params("insert into taken (item) values ($1)", c.item);
    if (c.item == "cursed") throw std::runtime_error("the handler fell over");
    return ok(shop::Taken{c.item, 1});
  });
  shop.start();
  const auto reader = kafka::open_reader({.bootstrap = cluster.bootstrap()}, {.group = "test"});
  reader->assign(std::array{position{{"inbox", 0}, 0}});
  std::map<std::string, int> outcomes;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int replies = 0; replies < 3 && std::chrono::steady_clock::now() < until;) {
    reader->wait(std::chrono::milliseconds(50));
    std::vector<wire::record> records;
    reader->poll(records, 10, 1 << 20);
    for (const auto& r : records)
      ++replies, ++outcomes[std::string(name(wire::parse(r.headers).envelope.outcome))];
  }
  shop.stop();
  CHECK(outcomes == std::map<std::string, int>{{"ok", 2}, {"retry", 1}});
  CHECK(w.count("taken where item in ('tea', 'milk')") == 2);
  CHECK(w.count("taken") == 2);
  CHECK(w.count("fence") == 2);
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
