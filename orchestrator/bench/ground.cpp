#include "orchestrator/bench/ground.hpp"

#include <algorithm>
#include <iostream>

#include "orchestrator/bench/saga.hpp"
#include "orchestrator/definitions.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/saga_no.hpp"
#include "skald/json.hpp"

namespace skald::bench {
namespace {
constexpr std::int64_t preload_chunk = 250'000;  // sagas in one transaction
constexpr std::int64_t journal_rows = 4;         // of one saga

void make_database(const servers& s, const std::string& name, const std::string& component) {
  const auto url = url_of_database(s.postgres, name);
  pg::connection(s.postgres).exec("create database \"" + name + "\"");
  pg::connection fresh(url);
  pg::migrate_up(fresh, component, s.migrations(component));
}

void drop_database(const servers& s, const std::string& name) {
  try {
    pg::connection(s.postgres).exec("drop database if exists \"" + name + "\" with (force)");
  } catch (const pg::error& e) {
    std::cerr << "skald bench: database " << name << " is left behind: " << e.what() << '\n';
  }
}

void store_definition(pg::connection& db, log_admin& log, const ground& g, const definition& d) {
  const definitions::verdict none{.proven = false, .words = "made for a benchmark"};
  const auto added = definitions::add(db, to_json(d), none, "a benchmark", "skald bench");
  if (!added.problem.empty()) throw std::runtime_error(added.problem);
  const auto active = definitions::activate(db, log, g.service_settings(), d.name, d.version, false,
                                            "skald bench");
  if (!active.problem.empty()) throw std::runtime_error(active.problem);
}
}  // namespace

std::string url_of_database(const std::string& url, std::string_view database) {
  return pg::complete(url) + " dbname='" + std::string(database) + "'";  // the last one counts
}

ground::ground(const servers& s, std::string name, int workers)
    : servers_(s),
      name_(std::move(name)),
      database_(url_of_database(s.postgres, name_)),
      participants_database_(url_of_database(s.postgres, name_ + "_p")),
      workers_(workers) {
  try {
    make_database(servers_, name_, "orchestrator");
    make_database(servers_, name_ + "_p", "participant");
  } catch (...) {
    drop_database(servers_, name_);
    drop_database(servers_, name_ + "_p");
    throw;
  }
}

ground::~ground() {
  drop_database(servers_, name_);
  drop_database(servers_, name_ + "_p");
}

settings ground::service_settings() const {
  settings s;
  s.postgres_url = database_;
  s.kafka.bootstrap = servers_.kafka;
  s.prefix = name_;
  s.shards = shards;
  s.workers = workers_;
  s.version = "bench";
  s.log = [](const log_entry& e) {
    if (e.severity != severity::info) std::cerr << "skald bench: service: " << e.text << '\n';
  };
  return s;
}

void ground::prepare(const log_access& log) const {
  const auto admin = log.open_admin();
  pg::connection db(database_);
  skald::prepare(db, *admin, service_settings());
  store_definition(db, *admin, *this, measured_saga());
  store_definition(db, *admin, *this, waiting_saga());
}

std::int32_t ground::definition_no() const {
  pg::connection db(database_);
  const auto found = db.exec("select no from definition where name = $1", {measured_saga().name});
  return static_cast<std::int32_t>(found.number(0, 0));
}

// Numbers as of the partition's first moment on, dense; all shards have swept past them.
void ground::preload(std::int64_t sagas) const {
  pg::connection db(database_);
  const auto first =
      db.exec(
            "select min((regexp_match(pg_get_expr(c.relpartbound, c.oid), "
            "'FROM \\(''(\\d+)''\\)'))[1]::bigint) from pg_inherits i "
            "join pg_class c on c.oid = i.inhrelid where i.inhparent = 'journal'::regclass")
          .number(0, 0);
  const auto definition = definition_no();
  db.exec("set synchronous_commit = off");
  for (std::int64_t done = 0; done < sagas; done += preload_chunk) {
    const auto from = first + done;
    const auto to = first + std::min(sagas, done + preload_chunk);
    db.exec(
        "insert into saga(no, id, definition, key, phase, seq, due_ms, changed_ms, state) "
        "select i, gen_random_uuid(), $3::integer, 'before-' || i, 3, $4::integer, 0, 0, "
        "decode(repeat('01', 50), 'hex') from generate_series($1::bigint, $2::bigint - 1) i",
        {from, to, definition, journal_rows});
    db.exec(
        "insert into journal(saga_no, seq, kind, step, number, occurrence, message_id, type, "
        "payload, outcome, commands_hash, at_ms) select i, s, least(s - 1, 1), 0, 0, i, "
        "'before-' || i || '-' || s, 'skald.bench.Reserved.v1', "
        "convert_to(repeat('{\"order_id\":1}', 8), 'UTF8'), 0, i, 0 "
        "from generate_series($1::bigint, $2::bigint - 1) i, generate_series(1, $3::integer) s",
        {from, to, journal_rows});
  }
  db.exec("update shard set swept_no = $1::bigint, next_no = $1::bigint", {first + sagas});
  for (const char* tidy : {"vacuum analyze saga", "vacuum analyze journal", "checkpoint"})
    db.exec(tidy);
}
}  // namespace skald::bench
