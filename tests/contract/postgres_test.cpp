#include "tests/support/postgres.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "outbox/postgres/connection.hpp"
#include "outbox/postgres/pipeline.hpp"
#include "tests/support/text.hpp"

using namespace skald;
using test::has;
using namespace std::chrono_literals;
using pg::fate;

namespace {
template <class Body>
pg::error refusal(Body body) {
  try {
    body();
  } catch (const pg::error& e) {
    return e;
  }
  FAIL("nothing was refused");
  return {"", "", false};
}

void end_session(const std::string& url, std::int64_t pid) {
  pg::connection(url).exec("select pg_terminate_backend($1::int)", {pid});
}
}  // namespace

TEST_CASE("parameters go in and come back, bytes and arrays too") {
  test::database db;
  pg::connection c(db.url());
  const std::string raw("\0\xff'\\\"{}", 7);
  auto r = c.exec(
      "select $1::bigint, $2::text, $3::bytea, $4::bool, $5::text, $6::float8,"
      " array_to_json($7::bigint[])::text, ($8::text[])[2], ($9::bytea[])[1]",
      {std::int64_t{-5}, "O'Neil\n", pg::bytes{raw}, true, nullptr, 0.1,
       pg::array(std::vector<std::int64_t>{1, -2}),
       pg::array(std::vector<std::string>{"", "a,\"b\\{}", "null"}),
       pg::array(std::vector<pg::bytes>{{raw}})});
  REQUIRE(r.rows() == 1);
  CHECK(r.number(0, 0) == -5);
  CHECK(r.text(0, 1) == "O'Neil\n");
  CHECK(r.data(0, 2) == raw);
  CHECK(r.boolean(0, 3));
  CHECK(r.is_null(0, 4));
  CHECK_FALSE(r.maybe(0, 4).has_value());
  CHECK(r.real(0, 5) == 0.1);
  CHECK(r.text(0, 6) == "[1,-2]");
  CHECK(r.text(0, 7) == "a,\"b\\{}");
  CHECK(r.data(0, 8) == raw);
  CHECK_THROWS_AS(r.text(0, 4), pg::error);
  CHECK_THROWS_AS(r.number(0, 1), pg::error);
  CHECK_THROWS_AS(r.text(1, 0), pg::error);
}

TEST_CASE("a transaction is rolled back unless it is committed") {
  test::database db;
  pg::connection c(db.url());
  c.exec_script("create table t(n int primary key); insert into t values (1)");
  {
    pg::transaction t(c);
    CHECK(t.exec("insert into t select generate_series(2, 4)").affected() == 3);
  }
  CHECK(c.exec("select count(*) from t").number(0, 0) == 1);
  {
    pg::transaction t(c);
    t.exec("insert into t values ($1)", {2});
    t.commit();
  }
  CHECK(c.exec("select count(*) from t").number(0, 0) == 2);
  auto e = refusal([&] { c.exec("insert into t values ($1)", {2}); });
  CHECK(e.sqlstate == "23505");
  CHECK_FALSE(e.lost_connection);
  CHECK(c.exec("select 1").number(0, 0) == 1);  // the session goes on
}

TEST_CASE("an unreachable server is named, its password is not") {
  auto e = refusal([] { pg::connection("postgresql://joe:hush@127.0.0.1:1/shop"); });
  CHECK(e.lost_connection);
  CHECK(has(e.what(), "127.0.0.1:1, database shop"));
  CHECK_FALSE(has(e.what(), "hush"));
  CHECK(has(refusal([] { pg::connection("nonsense"); }).what(), "postgresql://"));
  CHECK(has(refusal([] { pg::pipeline("postgresql://joe:hush@127.0.0.1:1/shop"); }).what(),
            "127.0.0.1:1"));
}

TEST_CASE("a lost session is said and never replaced in silence") {
  test::database db;
  pg::connection c(db.url());
  auto pid = c.exec("select pg_backend_pid()").number(0, 0);
  end_session(db.url(), pid);
  CHECK(refusal([&] { c.exec("select 1"); }).lost_connection);
  CHECK(refusal([&] { c.exec("select 1"); }).lost_connection);
}

TEST_CASE("a batch is one transaction: all of it or nothing") {
  test::database db;
  pg::connection(db.url()).exec(
      "create table t(a bigint primary key, b int, c smallint, d bytea, e uuid, f text)");
  pg::pipeline p(db.url());
  p.prepare("insert",
            "insert into t select * from unnest($1::int8[], $2::int4[], $3::int2[], $4::bytea[],"
            " $5::uuid[], $6::text[])");
  p.prepare("one", "insert into t(a) values ($1) returning a");
  p.prepare("read", "select a, b, c, d, e, f, array[a, 7] from t order by a");

  using pg::type;
  pg::binary_array a(type::int8), b(type::int4), c(type::int2), d(type::bytea), e(type::uuid),
      f(type::text);
  const pg::uuid_bytes id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};
  for (int i = 0; i < 3; ++i) {
    a.add_int8(i - 1);
    b.add_int4(-i);
    c.add_int2(static_cast<std::int16_t>(-i * 100));
    if (i == 2)
      d.add_null();
    else
      d.add_bytes(std::string_view("\0\xff", 2));
    e.add_uuid(id);
    f.add_bytes("Grüße");
  }
  p.send("insert", pg::binary_parameters().add(a).add(b).add(c).add(d).add(e).add(f));
  p.send("one", pg::binary_parameters().add_int8(99));
  p.sync();
  REQUIRE(p.wait(10s));
  REQUIRE(p.outcome().fate == fate::committed);
  CHECK(p.result(0).affected() == 3);
  CHECK(p.result(1).number(0, 0) == 99);

  p.send("read", {});
  p.sync();
  REQUIRE(p.wait(10s));
  auto r = p.result(0);
  REQUIRE(r.rows() == 4);
  CHECK(r.number(0, 0) == -1);
  CHECK(r.number(2, 1) == -2);
  CHECK(r.number(2, 2) == -200);
  CHECK(r.data(0, 3) == std::string_view("\0\xff", 2));
  CHECK(r.is_null(2, 3));
  CHECK(r.uuid(0, 4) == id);
  CHECK(r.data(0, 5) == "Grüße");
  CHECK(r.numbers(3, 6) == std::vector<std::int64_t>{99, 7});

  // Refused in the middle: nothing of it is there, and the session goes on.
  p.send("one", pg::binary_parameters().add_int8(100));
  p.send("one", pg::binary_parameters().add_int8(99));
  p.send("one", pg::binary_parameters().add_int8(101));
  p.sync();
  REQUIRE(p.wait(10s));
  CHECK(p.outcome().fate == fate::failed);
  CHECK(p.outcome().sqlstate == "23505");
  CHECK(p.outcome().statement == 1);
  a.clear();
  CHECK(a.size() == 0);
  for (auto* array : {&b, &c, &d, &e, &f}) array->clear();
  p.send("insert", pg::binary_parameters().add(a).add(b).add(c).add(d).add(e).add(f));
  p.send("one", pg::binary_parameters().add_int8(102));
  p.sync();
  REQUIRE(p.wait(10s));
  CHECK(p.outcome().fate == fate::committed);
  CHECK(p.result(0).affected() == 0);
  CHECK(pg::connection(db.url()).exec("select count(*) from t").number(0, 0) == 5);
}

TEST_CASE("a batch larger than every buffer passes") {
  test::database db;
  pg::connection(db.url()).exec("create table t(a bigint, d bytea)");
  pg::pipeline p(db.url());
  p.prepare("insert", "insert into t select * from unnest($1::int8[], $2::bytea[]) returning a, d");
  pg::binary_array a(pg::type::int8), d(pg::type::bytea);
  const std::string big(100'000, 'x');
  for (int i = 0; i < 20; ++i) {
    a.add_int8(i);
    d.add_bytes(big);
  }
  for (int i = 0; i < 10; ++i) p.send("insert", pg::binary_parameters().add(a).add(d));
  p.sync();
  REQUIRE(p.wait(60s));
  REQUIRE(p.outcome().fate == fate::committed);
  for (std::size_t i = 0; i < 10; ++i) {
    REQUIRE(p.result(i).rows() == 20);
    CHECK(p.result(i).data(19, 1) == big);
  }
}

TEST_CASE("a session that ends before the answer leaves the batch unknown") {
  test::database db;
  pg::connection watcher(db.url());
  watcher.exec_script("create table t(a bigint); insert into t values (1)");
  pg::pipeline p(db.url());
  p.prepare("pid", "select pg_backend_pid()");
  p.prepare("insert", "insert into t values ($1)");
  p.prepare("lock", "select a from t for update");
  p.send("pid", {});
  p.sync();
  REQUIRE(p.wait(10s));
  auto pid = p.result(0).number(0, 0);

  pg::transaction holder(watcher);  // so that the batch waits in the server
  holder.exec("select a from t for update");
  p.send("insert", pg::binary_parameters().add_int8(2));
  p.send("lock", {});
  p.sync();
  CHECK_FALSE(p.wait(50ms));
  end_session(db.url(), pid);
  REQUIRE(p.wait(10s));
  CHECK(p.outcome().fate == fate::unknown);
  CHECK_FALSE(p.is_open());
  holder.rollback();
  CHECK(watcher.exec("select count(*) from t").number(0, 0) == 1);

  p.send("insert", pg::binary_parameters().add_int8(3));
  p.sync();
  CHECK(p.wait(10s));
  CHECK(p.outcome().fate != fate::committed);
}

TEST_CASE("notifications wake the socket") {
  test::database db;
  pg::pipeline p(db.url());
  p.exec("listen news");
  CHECK_FALSE(p.take_notification());
  pg::connection(db.url()).exec("notify news");
  for (int i = 0; i < 100 && !p.advance(); ++i) {
  }
  bool came = false;
  for (auto until = std::chrono::steady_clock::now() + 10s;
       !came && std::chrono::steady_clock::now() < until;) {
    p.advance();
    came = p.take_notification();
  }
  CHECK(came);
}
