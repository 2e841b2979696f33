#include "outbox/postgres/migrate.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace skald::pg {
namespace {
namespace fs = std::filesystem;
constexpr std::size_t digits = 3;  // of a file's number

[[noreturn]] void refuse(const std::string& sentence) {
  throw error(sentence, "", false);
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) refuse("The migration " + path.string() + " cannot be read.");
  return text;
}

// "001_outbox.up.sql" -> 1, "outbox", "up".
struct file_name {
  int no;
  std::string name, direction;
};
file_name split(const fs::path& path) {
  const auto text = path.filename().string();
  auto wrong = [&] {
    refuse("The migration " + path.string() +
           " must be named NNN_name.up.sql or NNN_name.down.sql.");
  };
  for (std::size_t i = 0; i < digits; ++i)
    if (i >= text.size() || text[i] < '0' || text[i] > '9') wrong();
  auto dot = text.find('.');
  if (dot == text.npos || dot <= digits + 1 || text[digits] != '_') wrong();
  auto tail = text.substr(dot);
  if (tail != ".up.sql" && tail != ".down.sql") wrong();
  return {std::stoi(text.substr(0, digits)), text.substr(digits + 1, dot - digits - 1),
          tail == ".up.sql" ? "up" : "down"};
}

// The locked, checked state of one component, in a transaction that the caller commits.
class books {
 public:
  books(connection& on, const std::string& component, const std::vector<migration>& all)
      : transaction_(on), component_(component) {
    try {
      transaction_.exec(
          "select set_config('lock_timeout', '60s', true),"
          " set_config('client_min_messages', 'warning', true)");
      transaction_.exec("select pg_advisory_xact_lock(hashtext('skald_migration'))");
      transaction_.exec(
          "create table if not exists skald_migration(component text, no int, name text not null,"
          " hash text not null, at timestamptz not null default clock_timestamp(),"
          " primary key (component, no))");
    } catch (const error& e) {
      if (e.sqlstate == "55P03")
        refuse("Another migration has been running for a minute: wait for it.");
      throw;
    }
    check(all);
  }

  int applied() const { return applied_; }
  void apply(const migration& m) {
    run(m.up, m);
    transaction_.exec(
        "insert into skald_migration(component, no, name, hash)"
        " values ($1, $2, $3, encode(sha256($4::bytea), 'hex'))",
        {component_, m.no, m.name, bytes{m.up}});
  }
  void take_back(const migration& m) {
    run(m.down, m);
    transaction_.exec("delete from skald_migration where component = $1 and no = $2",
                      {component_, m.no});
  }
  void commit() { transaction_.commit(); }

 private:
  void check(const std::vector<migration>& all) {
    auto rows = transaction_.exec(
        "select no, name, hash from skald_migration where component = $1 order by no",
        {component_});
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      auto no = static_cast<int>(rows.number(i, 0));
      auto what = "Migration " + std::to_string(no) + " (" + rows.text(i, 1) + ") of " + component_;
      if (i >= all.size() || all[i].no != no)
        refuse(what + " is applied here but unknown to this version of skald: run a newer one.");
      auto hash = transaction_.exec("select encode(sha256($1::bytea), 'hex')", {bytes{all[i].up}});
      if (hash.text(0, 0) != rows.text(i, 2))
        refuse(what +
               " has changed since it was applied: restore its file, and put the change "
               "into a migration of its own.");
    }
    applied_ = static_cast<int>(rows.rows());
  }

  void run(const std::string& sql, const migration& m) {
    try {
      transaction_.exec_script(sql);
    } catch (const error& e) {
      throw error("Migration " + std::to_string(m.no) + " (" + m.name + ") of " + component_ +
                      " failed: " + e.what(),
                  e.sqlstate, e.lost_connection);
    }
  }

  transaction transaction_;
  std::string component_;
  int applied_ = 0;
};
}  // namespace

std::vector<migration> read_migrations(const std::string& directory) {
  std::error_code none;
  if (!fs::is_directory(directory, none))
    refuse("There is no directory of migrations at " + directory + ".");
  std::map<int, migration> found;
  for (auto& entry : fs::directory_iterator(directory)) {
    auto f = split(entry.path());
    auto& m = found[f.no];
    if (m.no && m.name != f.name)
      refuse("Two migrations in " + directory + " have number " + std::to_string(f.no) + ".");
    m.no = f.no;
    m.name = f.name;
    (f.direction == "up" ? m.up : m.down) = read_file(entry.path());
  }
  std::vector<migration> all;
  for (auto& [no, m] : found) {
    if (no != static_cast<int>(all.size()) + 1)
      refuse("Migration " + std::to_string(all.size() + 1) + " is missing in " + directory + ".");
    if (m.up.empty() || m.down.empty())
      refuse("Migration " + std::to_string(no) + " in " + directory +
             " needs an up and a down file.");
    all.push_back(m);
  }
  return all;
}

std::vector<std::string> migrate_up(connection& on, const std::string& component,
                                    const std::vector<migration>& all) {
  books b(on, component, all);
  std::vector<std::string> names;
  for (auto& m : all) {
    if (m.no <= b.applied()) continue;
    b.apply(m);
    names.push_back(m.name);
  }
  b.commit();
  return names;
}

std::vector<std::string> migrate_down(connection& on, const std::string& component,
                                      const std::vector<migration>& all, int to_no) {
  books b(on, component, all);
  std::vector<std::string> names;
  for (auto no = b.applied(); no > std::max(to_no, 0); --no) {
    auto& m = all[static_cast<std::size_t>(no - 1)];
    b.take_back(m);
    names.push_back(m.name);
  }
  b.commit();
  return names;
}

std::vector<std::string> pending_migrations(connection& on, const std::string& component,
                                            const std::vector<migration>& all) {
  books b(on, component, all);  // not committed
  std::vector<std::string> names;
  for (auto& m : all)
    if (m.no > b.applied()) names.push_back(m.name);
  return names;
}
}  // namespace skald::pg
