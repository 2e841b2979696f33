#include "outbox/postgres/migrate.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/postgres.hpp"

using namespace skald;
namespace fs = std::filesystem;

namespace {
const std::vector<pg::migration> two{
    {1, "first", "create table a(n int); insert into a values (1);", "drop table a;"},
    {2, "second", "alter table a add m int;", "alter table a drop m;"}};

struct directory {
  fs::path path = fs::temp_directory_path() / ("skald_migrate_" + std::to_string(::getpid()));
  directory() { fs::create_directory(path); }
  ~directory() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(path / name) << text;
  }
};

std::string complaint(auto body) {
  try {
    body();
  } catch (const pg::error& e) {
    return e.what();
  }
  return "accepted";
}
}  // namespace

TEST_CASE("migrations go up, down and up") {
  test::database db;
  pg::connection c(db.url());
  using names = std::vector<std::string>;
  CHECK(pg::pending_migrations(c, "shop", two) == names{"first", "second"});
  CHECK(pg::migrate_up(c, "shop", two) == names{"first", "second"});
  CHECK(pg::migrate_up(c, "shop", two).empty());
  CHECK(pg::pending_migrations(c, "shop", two).empty());
  CHECK(c.exec("select n, m from a").rows() == 1);
  CHECK(pg::migrate_down(c, "shop", two, 1) == names{"second"});
  CHECK(complaint([&] { c.exec("select m from a"); }) != "accepted");
  CHECK(pg::migrate_down(c, "shop", two, 0) == names{"first"});
  CHECK(pg::migrate_up(c, "shop", two) == names{"first", "second"});
  CHECK(c.exec("select count(*) from skald_migration").number(0, 0) == 2);
}

TEST_CASE("a changed, an unknown and a failing migration change nothing") {
  test::database db;
  pg::connection c(db.url());
  pg::migrate_up(c, "shop", two);
  auto changed = two;
  changed[0].up += " ";
  changed.push_back({3, "third", "create table b();", "drop table b;"});
  CHECK(complaint([&] { pg::migrate_up(c, "shop", changed); }).find("changed since") !=
        std::string::npos);
  CHECK(complaint([&] { pg::migrate_up(c, "shop", {two[0]}); }).find("unknown to this version") !=
        std::string::npos);
  auto failing = two;
  failing.push_back({3, "third", "create table b();", "drop table b;"});
  failing.push_back({4, "fourth", "create tabel c();", "drop table c;"});
  CHECK(complaint([&] { pg::migrate_up(c, "shop", failing); }).find("4 (fourth) of shop failed") !=
        std::string::npos);
  CHECK(c.exec("select to_regclass('b') is null").boolean(0, 0));
}

TEST_CASE("many processes may start at once") {
  test::database db;
  std::vector<std::thread> all;
  std::atomic<int> applied{0}, failed{0};
  for (int i = 0; i < 6; ++i)
    all.emplace_back([&] {
      try {
        pg::connection c(db.url());
        applied += static_cast<int>(pg::migrate_up(c, "shop", two).size());
      } catch (const pg::error&) {
        ++failed;
      }
    });
  for (auto& t : all) t.join();
  CHECK(applied == 2);
  CHECK(failed == 0);
}

TEST_CASE("a directory is read in order, and a wrong one is refused by name") {
  directory d;
  d.write("002_b.up.sql", "two");
  d.write("002_b.down.sql", "not two");
  CHECK(complaint([&] { pg::read_migrations(d.path); }).find("1 is missing") != std::string::npos);
  d.write("001_a.up.sql", "one");
  CHECK(complaint([&] { pg::read_migrations(d.path); }).find("up and a down") != std::string::npos);
  d.write("001_a.down.sql", "not one");
  auto all = pg::read_migrations(d.path);
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "a");
  CHECK(all[1].down == "not two");
  d.write("002_c.up.sql", "x");
  CHECK(complaint([&] { pg::read_migrations(d.path); }).find("number 2") != std::string::npos);
  fs::remove(d.path / "002_c.up.sql");
  d.write("notes.txt", "x");
  CHECK(complaint([&] { pg::read_migrations(d.path); }).find("notes.txt") != std::string::npos);
  CHECK(complaint([&] { pg::read_migrations(d.path / "absent"); }).find("absent") !=
        std::string::npos);
}
