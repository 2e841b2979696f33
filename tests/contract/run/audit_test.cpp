// skald audit: a clean run passes, and each kind of mismatch, planted, is found and named.
#include "orchestrator/audit/audit.hpp"

#include "examples/vending/saga.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/postgres/migrate.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
// A run that is over: `good` was completed, `jams` aborted; one participant has all the books.
struct audited_world : world {
  audited_world() : world(broker::real, vending_json()) {
    on["vending.DispenseDrink.v1"] = [&](const seen_command& c) -> std::optional<answer> {
      if (c.key == "jams") return jam;
      return answer{"ok", "vending.DrinkDispensed.v1", "{\"order_id\":\"" + c.key + "\"}"};
    };
    serve();
    start_drink("good");
    start_drink("jams");
    until_phase("good", "completed");
    until_phase("jams", "aborted");
    until("the outbox is empty", [&] { return count("select count(*) from outbox_batch") == 0; });
    stop_service();
    keep_books();
  }

  void keep_books() {
    sql("create schema books");
    pg::connection c(database_url());
    c.exec("set search_path = books");
    pg::migrate_up(
        c, "participant",
        pg::read_migrations(std::string(SKALD_SOURCE_FOLDER) + "/migrations/participant"));
    for (const std::string step : {"reserve", "charge", "dispense"}) {
      book("good", step, "done");
      book("jams", step, step == "dispense" ? "declined" : "undone");
    }
  }
  void book(const std::string& key, const std::string& step, const std::string& state) {
    database().exec("insert into books.fence(saga_id, step, state) values ($1::uuid, $2, $3)",
                    {saga_of(key), step, state});
  }

  audit::report look(std::int64_t most_fingerprints = 1'000'000, bool in_kafka = true) {
    audit::settings s;
    s.postgres = database_url();
    const auto to = service_settings().kafka;
    if (in_kafka)
      s.log = audit::log_access{[to] { return kafka::open_reader(to, {.group = "audit"}); },
                                [to] { return kafka::open_admin(to); }};
    s.participants = {
        {{"inventory-" + run, "payments-" + run, "machine-" + run}, database_url(), "books"}};
    s.settle_ms = 0;
    s.most_fingerprints = most_fingerprints;
    return audit::run(s);
  }

  // As if the planted change had never been.
  void save() {
    for (const auto* t : {"saga", "journal", "open", "outbox_batch", "shard", "books.fence"})
      sql("create table saved_" + flat(t) + " as table " + t);
  }
  void restore() {
    for (const auto* t : {"open", "journal", "saga", "outbox_batch", "shard", "books.fence"})
      sql(std::string("delete from ") + t);
    for (const auto* t : {"shard", "saga", "journal", "open", "outbox_batch", "books.fence"})
      sql(std::string("insert into ") + t + " table saved_" + flat(t));
  }
  static std::string flat(std::string name) {
    return name.substr(name.find('.') == std::string::npos ? 0 : name.find('.') + 1);
  }
};

struct planted {
  const char* change;
  std::string_view kind;
  const char* words;  // that its sentence holds
};

// {id}, {no}: of the saga `good`.
const planted table[] = {
    {"delete from journal where saga_no = {no} and seq = 3", audit::kind::history_gap,
     "event 3 is missing: the history goes on with event 4"},
    {"delete from journal where saga_no = {no} and seq = 4", audit::kind::history_gap,
     "its history has 3 events, and the saga counts 4"},
    {"insert into journal select saga_no + 1, seq, kind, step, number, occurrence, message_id, "
     "type, payload, outcome, commands_hash, at_ms from journal where saga_no = {no}",
     audit::kind::orphan_history, "rows of a saga that is not there"},
    {"update saga set id = gen_random_uuid() where no = {no}", audit::kind::wrong_id,
     "not the one that follows from its definition and key"},
    {"update journal set kind = 2, type = 'vending.DispenseFailed.v1' where saga_no = {no} and "
     "seq = 4",
     audit::kind::decided_otherwise, "event 4 (declined) is decided otherwise now"},
    {"update saga set state = (select state from saga where key = 'jams'), phase = 4 "
     "where no = {no}",
     audit::kind::state_differs, "does not lead to the state that is stored"},
    {"update saga set state = '\\x00' where no = {no}", audit::kind::state_differs,
     "its state cannot be read"},
    {"update saga set phase = 1 where no = {no}", audit::kind::columns_differ,
     "its columns phase and due_ms"},
    {"delete from journal where saga_no = {no}", audit::kind::start_count,
     "1 accepted starts and 0 sagas born aborted are not the 2"},
    {"delete from saga where no = {no}", audit::kind::start_lost,
     "neither a saga nor the quarantine has it"},
    {"delete from saga where no = {no}", audit::kind::command_unknown, "no history decided it"},
    {"delete from saga where no = {no}", audit::kind::effect_of_nobody,
     "of a saga that is not there"},
    {"insert into open values ({no}, 0, 1, 0)", audit::kind::wrongly_listed,
     "it is finished, and table open lists it"},
    {"insert into outbox_batch values (0, 7, 1, 'abc')", audit::kind::outbox_damaged,
     "row 7 of shard 0"},
    {"insert into outbox_batch values (0, 7, 1, 'abc')", audit::kind::outbox_stuck,
     "1 rows of outbox_batch do not go away"},
    {"update books.fence set state = 'undone' where saga_id = '{id}' and step = 'charge'",
     audit::kind::effect_missing,
     "it is completed with step charge done, and the participant's books say: undone"},
    {"delete from books.fence where saga_id = '{id}' and step = 'dispense'",
     audit::kind::effect_missing, "never heard of"},
    {"update books.fence set state = 'done' where saga_id <> '{id}' and step = 'charge'",
     audit::kind::effect_stands, "it is aborted with step charge undone, and the effect stands"},
    {"update books.fence set state = 'undone' where saga_id = '{id}' and step = 'charge'",
     audit::kind::effect_count,
     "of vending/charge the finished sagas have 1 in effect, the books 0"},
};

std::string with(std::string text, const std::string& word, const std::string& value) {
  for (std::size_t at; (at = text.find(word)) != std::string::npos;)
    text.replace(at, word.size(), value);
  return text;
}

const audit::mismatch* of_kind(const audit::report& r, std::string_view kind) {
  for (const auto& m : r.found.kept())
    if (m.kind == kind) return &m;
  return nullptr;
}
}  // namespace

TEST_CASE("a clean run is exact; what is planted is found and named") {
  audited_world w;
  for (const std::int64_t most : {1'000'000, 4}) {  // the second: in several slices
    const auto r = w.look(most);
    for (const auto& m : r.found.kept()) MESSAGE(m.kind << ": " << m.what);
    CHECK(r.found.empty());
    CHECK(r.sagas.sagas == 2);
    CHECK(r.sagas.starts == 2);
    CHECK(r.starts_read == 2);
    CHECK(r.sagas.rows == w.count("select count(*) from journal"));
    REQUIRE(r.commands);
    CHECK(r.commands->implied == r.commands->read);
    CHECK(r.commands->implied > 8);
    CHECK(r.effects.at("vending/dispense").done == 1);
    CHECK(r.effects.at("vending/charge").standing == 1);
  }

  w.save();
  const auto no = std::to_string(w.count("select no from saga where key = 'good'"));
  for (const auto& p : table) {
    CAPTURE(p.change);
    w.sql(with(with(p.change, "{no}", no), "{id}", w.saga_of("good")));
    const bool of_kafka = p.kind == audit::kind::start_lost ||
                          p.kind == audit::kind::command_unknown ||
                          p.kind == audit::kind::outbox_damaged;
    const auto r = w.look(1'000'000, of_kafka);
    const auto* m = of_kind(r, p.kind);
    for (const auto& other : r.found.kept()) INFO(other.kind << ": " << other.what);
    CHECK_MESSAGE(m, "not found: " << p.kind);
    if (m) CHECK_MESSAGE(m->what.find(p.words) != std::string::npos, m->what);
    w.restore();
  }
  CHECK(w.look().found.empty());
}

TEST_CASE("open sagas: a timer that hangs, one that is late, a parked event, a take-over's list") {
  world w(broker::real, vending_json());
  w.on["vending.ReserveItem.v1"] = [](const seen_command&) { return std::nullopt; };
  w.serve();
  w.start_drink("waits");
  w.until_phase("waits", "running");
  w.reply_early("early", "dispense", {"ok", "vending.DrinkDispensed.v1", R"({"order_id":"e"})"});
  w.until_phase("early", "parked");
  w.stop_service();
  const auto look = [&](std::int64_t overdue_ms) {
    audit::settings s;
    s.postgres = w.database_url();
    s.overdue_ms = overdue_ms;
    return audit::run(s).found;
  };
  constexpr std::int64_t day = 86'400'000;
  CHECK(look(day).counts().count(audit::kind::overdue) == 0);
  const auto late = look(-day).counts();  // as if it were tomorrow
  CHECK(late.count(audit::kind::overdue) == 1);
  CHECK(late.count(audit::kind::parked_too_long) == 1);
  w.sql("update shard set swept_no = next_no");
  w.sql("delete from open");
  CHECK(look(day).counts().at(audit::kind::not_listed) == 2);
}

TEST_CASE("a command that was decided and is not in Kafka is named with its saga") {
  audited_world w;
  const auto other = [&] {
    world empty(broker::embedded, vending_json());
    audit::settings s;
    s.postgres = w.database_url();
    const auto to = empty.service_settings().kafka;  // a Kafka that has nothing of it
    s.log = audit::log_access{[to] { return kafka::open_reader(to, {.group = "audit"}); },
                              [to] { return kafka::open_admin(to); }};
    return audit::run(s);
  }();
  const auto* m = of_kind(other, audit::kind::command_missing);
  REQUIRE(m);
  CHECK(m->saga == w.saga_of(m->key));
  CHECK(m->what.find("its history decided " + m->saga) == 0);
  CHECK(m->what.find("does not have it") != std::string::npos);
  CHECK(other.found.counts().at(audit::kind::command_missing) ==
        static_cast<std::size_t>(other.commands->implied));
}
