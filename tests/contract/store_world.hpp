// Either database behind orchestrator/store.hpp, with two shards, and what a test looks at in it.
#pragma once
#include <doctest/doctest.h>

#include <memory>

#include "orchestrator/retention.hpp"
#include "orchestrator/simulate/store.hpp"
#include "orchestrator/store_postgres.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/support/postgres.hpp"

namespace skald::test {
enum class shard_moved { epoch, offset, grown };

struct store_world {
  virtual ~store_world() = default;
  virtual store& s() = 0;
  virtual void move_shard_0(shard_moved) = 0;  // as another owner, or an activation, would
  virtual std::int64_t sagas() = 0;
  virtual std::int64_t quarantined() = 0;
};

struct postgres_world final : store_world {
  test::database own{"store"};
  pg::connection sql{own.url()};
  std::unique_ptr<store> opened;

  postgres_world() {
    pg::migrate_up(
        sql, "orchestrator",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/orchestrator"));
    sql.exec(
        "insert into definition(name, version, hash, spec, verdict) "
        "values ('d', 1, 'h', '{}', 'proven')");
    sql.exec("insert into topic(no, name, partitions) values (1, 'inbox', 2), (2, 'starts', 2)");
    sql.exec("insert into shard(id, next_offset) values (0, '{5,7}'), (1, '{0,0}')");
    make_journal_partitions(sql, 86'400'000);
    opened = open_postgres_store(own.url());
  }
  std::int64_t count(const std::string& text) { return sql.exec(text).number(0, 0); }

  store& s() override { return *opened; }
  void move_shard_0(shard_moved how) override {
    const char* const set = how == shard_moved::epoch    ? "epoch = epoch + 1"
                            : how == shard_moved::offset ? "next_offset[1] = 6"
                                                         : "next_offset[3] = 0";
    sql.exec("update shard set " + std::string(set) + " where id = 0");
  }
  std::int64_t sagas() override { return count("select count(*) from saga"); }
  std::int64_t quarantined() override {
    return count("select count(*) from quarantine where key is null and reason = 'why'");
  }
};

struct simulated_world final : store_world {
  sim::database own;
  std::unique_ptr<store> opened = sim::open_store(own);

  simulated_world() {
    auto& t = own.tables;
    t.add_topic("inbox", 2, 0);
    t.add_topic("starts", 2, 0);
    t.add_shard(0), t.add_shard(1);
    t.add_definition("d", 1, "{}");
    t.shards[0].next_offset = {5, 7};
  }
  store& s() override { return *opened; }
  void move_shard_0(shard_moved how) override {
    auto& row = own.tables.shards[0];
    if (how == shard_moved::epoch) ++row.epoch;
    if (how == shard_moved::offset) row.next_offset[0] = 6;
    if (how == shard_moved::grown) row.next_offset.push_back(0);
  }
  std::int64_t sagas() override { return static_cast<std::int64_t>(own.tables.sagas.size()); }
  std::int64_t quarantined() override {
    const auto& all = own.tables.quarantine;
    return all.size() == 1 && !all[0].key && all[0].reason == "why" ? 1 : 0;
  }
};

template <class Body>
void on_each_store(Body body) {
  SUBCASE("PostgreSQL") {
    postgres_world w;
    body(w);
  }
  SUBCASE("the simulated database") {
    simulated_world w;
    body(w);
  }
}

inline uuid id_of(std::uint8_t n) {
  uuid id;
  id.bytes[15] = n;
  return id;
}

inline shard_move move(const shard_row& read, std::vector<std::int64_t> next,
                       std::int64_t next_no = 0) {
  return {&read, std::move(next), next_no, 0};
}

inline saga_write saga(std::int64_t no, std::uint8_t id, std::int32_t seq,
                       const char* state = "s") {
  return {.no = no,
          .id = id_of(id),
          .definition = 1,
          .key = "key",
          .phase = 1,
          .seq = seq,
          .due_ms = 99,
          .state = state};
}

inline journal_write row(std::int64_t no, std::int32_t seq, std::uint8_t kind,
                         std::string_view payload) {
  return {.saga_no = no,
          .seq = seq,
          .kind = kind,
          .step = 2,
          .number = 3,
          .occurrence = ~std::uint64_t{0},
          .message_id = "m",
          .type = "t",
          .payload = payload,
          .outcome = 0,
          .commands_hash = 11};
}
}  // namespace skald::test
