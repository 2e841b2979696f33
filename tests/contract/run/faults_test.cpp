// What goes wrong around the service: lost and early replies, forged ones, crashes at the worst
// moment, a stale owner, a cache that is too small.
#include <algorithm>

#include "examples/vending/saga.hpp"
#include "outbox/ids.hpp"
#include "sagas/machine.hpp"
#include "tests/contract/run/own_process.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using strings = std::vector<std::string>;

namespace {
std::string hasty_json() {
  auto d = vending::vending_saga;
  d.steps[0].within = 200ms;
  d.steps[0].retry = {.times = 5, .first = 50ms};
  return json_of(d);
}

const answer dispensed{"ok", "vending.DrinkDispensed.v1", R"({"order_id":"any"})"};

// A session that no test waits for: what a dead process held comes back by other means, or not.
settings with_long_session(const world& w) {
  auto s = w.service_settings();
  s.session = patience + std::chrono::seconds(10);
  return s;
}

// A key of shard `id` of four.
std::string key_of(int id, const std::string& word) {
  for (int i = 0;; ++i)
    if (const auto key = word + std::to_string(i); murmur2_partition(key, 4) == id) return key;
}

bool was_said(const world& w, const std::string& words) {
  return std::any_of(w.reports.begin(), w.reports.end(),
                     [&](const auto& line) { return line.find(words) != line.npos; });
}

// What a slow machine's timers add is left out.
std::int64_t words_applied(world& w) {
  return w.count(
      "select count(*) from journal_text where event in ('start', 'ok') and outcome = 'applied'");
}

// Sagas whose journal is not numbered 1 to their seq.
std::int64_t gaps(world& w) {
  return w.count(
      "select count(*) from (select s.seq, count(j.seq) n, min(j.seq) low, max(j.seq) high "
      "from saga s left join journal j on j.saga_no = s.no group by s.no) x "
      "where low <> 1 or high <> x.seq or n <> x.seq");
}

int times_sent(const world& w, const std::string& id) {
  return static_cast<int>(std::count_if(w.commands.begin(), w.commands.end(),
                                        [&](const auto& c) { return c.id() == id; }));
}
}  // namespace

TEST_CASE("a lost reply: the same command comes again with the same id and the next attempt") {
  world w(broker::real, hasty_json());
  int seen = 0;
  w.on["vending.ReserveItem.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    if (++seen == 1) return {};
    return answer{"ok", "vending.ItemReserved.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reservation_id\":\"r\"}"};
  };
  w.serve();
  w.start_drink("l-1");
  w.until_phase("l-1", "completed");
  REQUIRE(w.commands.size() >= 2);
  CHECK(w.commands[0].id() == w.commands[1].id());
  CHECK(w.commands[0].header("ce_sagaattempt") == "1");
  CHECK(w.commands[1].header("ce_sagaattempt") == "2");
}

TEST_CASE("a reply before its command, signed: parked, then used; unsigned: quarantined") {
  world w(broker::real, vending_json());
  w.serve();
  auto forged = dispensed;
  forged.signed_ = false;
  w.reply_early("e-1", "dispense", forged);
  w.reply_early("e-1", "dispense", dispensed);
  w.until_phase("e-1", "parked");
  w.start_drink("e-1");
  w.until_phase("e-1", "completed");
  CHECK(times_sent(w, w.saga_of("e-1") + "/dispense/do/0") == 0);
  const auto kept = w.sql("select reason, topic, text_of(payload) from quarantine");
  REQUIRE(kept.rows() == 1);
  CHECK(kept.text(0, 0) == "a reply needs the ce_sagatoken of its command");
  CHECK(kept.text(0, 1) == w.prefix + ".inbox");
  CHECK(kept.text(0, 2) == dispensed.data);
}

TEST_CASE("poison is quarantined with its reason, and the shard goes on") {
  world w(broker::real, vending_json());
  w.serve();
  w.start("p-1", "{\"order_id\": ");
  w.start("p-1", "{\"order_id\":\"p-1\",\"slot\":7}");
  w.start("p-1", "{\"order_id\":\"p-1\"}", "vending.Nonsense.v1");
  w.start("p-1", std::string(2'000, '[') + std::string(2'000, ']'));
  w.publish(w.prefix + ".starts", "p-1", {{"ce_specversion", "9"}}, "{}");
  w.publish(w.prefix + ".starts", "p-1", {}, "not an envelope");
  w.start_drink("p-1");
  w.until_phase("p-1", "completed");
  const auto r = w.sql("select reason from quarantine order by record_offset");
  REQUIRE(r.rows() == 6);
  CHECK(r.text(0, 0) == "the data is not JSON");
  CHECK(r.text(1, 0) == "the data lacks a value that a command needs");
  CHECK(r.text(2, 0) == "ce_type is not the event that starts this saga");
  CHECK(r.text(3, 0) == "the data is nested more than 64 deep");
  CHECK(r.text(4, 0) == "ce_specversion is not 1.0");
  CHECK(r.text(5, 0) == "ce_sagakind is not start, reply, event or action");
}

TEST_CASE("a record on the wrong partition is put on the right one") {
  world w(broker::real, vending_json());
  w.serve();
  const auto right = murmur2_partition("m-1", 4);
  w.publish(w.prefix + ".starts", "m-1",
            {{"ce_specversion", "1.0"},
             {"ce_id", "m"},
             {"ce_source", "/test"},
             {"ce_type", "vending.ItemSelected.v1"},
             {"ce_partitionkey", "m-1"},
             {"ce_sagakind", "start"},
             {"ce_sagatype", "vending"},
             {"content-type", "application/json"}},
            R"({"order_id":"m-1","slot":1,"price_cents":100})", (right + 1) % 4);
  w.until_phase("m-1", "completed");
  CHECK(w.served().counts().messages_misrouted.at({w.prefix + ".starts"}).value() == 1);
}

TEST_CASE("killed between commit and dispatch: the next owner sends what was committed") {
  for (const std::string at : {"commit.done=kill@2", "commit.sync_sent=kill@2",
                               "commit.before_sync=kill@2", "dispatch.sent=kill@2"}) {
    CAPTURE(at);
    world w(broker::real, vending_json());
    {
      own_process dying(w.service_settings(), at);
      for (int i = 0; i < 5; ++i) w.start_drink("k-" + std::to_string(i));
      w.until("it dies at its failpoint", [&] { return dying.over(); });
      CHECK(WIFSIGNALED(dying.status));
    }
    w.serve();
    for (int i = 0; i < 5; ++i) w.until_phase("k-" + std::to_string(i), "completed");
    CHECK(words_applied(w) == 20);
    CHECK(gaps(w) == 0);
    CHECK(w.count("select count(*) from quarantine") == 0);
    w.until("the outbox is empty",
            [&] { return w.count("select count(*) from outbox_batch") == 0; });
  }
}

TEST_CASE("a stale owner writes nothing, gives up, and takes over again under a new epoch") {
  world w(broker::real, vending_json());
  w.serve();
  w.start_drink("s-1");
  w.until_phase("s-1", "completed");
  const auto shard = std::to_string(murmur2_partition("s-2", 4));
  const auto epoch =
      w.count("update shard set epoch = epoch + 1 where id = " + shard + " returning epoch");
  w.start_drink("s-2");
  w.until_phase("s-2", "completed");
  CHECK(w.served().counts().fenced_batches.value() == 1);
  CHECK(w.count("select epoch from shard where id = " + shard) == epoch + 1);
}

TEST_CASE("two services share the shards; one is stopped for a while and writes nothing after") {
  world w(broker::real, vending_json());
  w.serve();
  w.start_drink("z-0");
  w.until_phase("z-0", "completed");
  own_process zombie(w.service_settings(), "");
  w.until("it has shards", [&] { return w.served().gauges()[0]->partitions_owned.value() == 2; });
  for (int i = 0; i < 20; ++i) w.start_drink("z-" + std::to_string(i));
  zombie.send(SIGSTOP);
  for (int i = 0; i < 20; ++i) w.until_phase("z-" + std::to_string(i), "completed");
  zombie.send(SIGCONT);
  for (int i = 20; i < 30; ++i) w.start_drink("z-" + std::to_string(i));
  for (int i = 20; i < 30; ++i) w.until_phase("z-" + std::to_string(i), "completed");
  CHECK(words_applied(w) == 4 * 30);
  CHECK(gaps(w) == 0);
}

TEST_CASE("killed and started again: its shards are its own, the group need not notice") {
  world w(broker::real, vending_json());
  auto first = std::make_unique<own_process>(with_long_session(w), "");
  w.start_drink("r-1");
  w.until_phase("r-1", "completed");
  first->end(SIGKILL);
  own_process again(with_long_session(w), "");
  w.start_drink("r-2");
  w.until_phase("r-2", "completed");
}

TEST_CASE("killed and started again: it forwards again, that group need not notice either") {
  world w(broker::real, vending_json());
  const auto payments = "payment-" + w.run + ".events";
  w.make_topic(payments, 3);
  w.activate(json_of(vending::self_pay_saga));
  const auto pay = [&](const std::string& key) {
    w.publish(payments, key,
              {{"ce_specversion", "1.0"},
               {"ce_id", "paid-" + key},
               {"ce_source", "/till"},
               {"ce_type", "vending.CustomerPaid.v1"}},
              "{\"order_id\":\"" + key + "\",\"payment_id\":\"p\",\"amount_cents\":250}");
    w.until_phase(key, "parked");
  };
  auto first = std::make_unique<own_process>(with_long_session(w), "");
  pay("g-1");
  first->end(SIGKILL);
  own_process again(with_long_session(w), "");
  pay("g-2");
}

TEST_CASE("stopped for good: its shards are the others' at once") {
  world w(broker::real, vending_json());
  w.adjust = [&](settings& s) { s = with_long_session(w); };
  w.serve();
  const auto owned = [&] { return w.served().gauges()[0]->partitions_owned.value(); };
  own_process other(with_long_session(w), "");
  w.until("they share", [&] { return owned() == 2; });
  other.end(SIGTERM);
  w.until("it has all shards", [&] { return owned() == 4; });
}

TEST_CASE("a cache of one saga: rows and journal give back what commands need") {
  world w(broker::real, vending_json());
  w.adjust = [](settings& s) { s.limits.cached_sagas = 1; };
  w.on["vending.DispenseDrink.v1"] = [](const seen_command& c) {
    return answer{"declined", "vending.DispenseFailed.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reason\":\"jam\"}"};
  };
  w.serve();
  for (int i = 0; i < 20; ++i) w.start_drink("c-" + std::to_string(i));
  for (int i = 0; i < 20; ++i) w.until_phase("c-" + std::to_string(i), "aborted");
  CHECK(w.served().counts().sagas_loaded.value() > 0);
  for (const auto& c : w.commands)
    if (c.type() == "vending.RefundPayment.v1")
      CHECK(c.value == "{\"order_id\":\"" + c.key + "\",\"payment_id\":\"p-" + c.key + "\"}");
}

TEST_CASE("records that the log no longer has halt their shard alone") {
  world w(broker::real, vending_json());
  w.sql("update shard set next_offset[1] = 1000 where id = 2");
  w.serve();
  w.until("it is seen", [&] { return w.served().gauges()[0]->shards_halted.value() == 1; });
  for (const int id : {0, 1, 3}) w.start_drink(key_of(id, "h-"));
  for (const int id : {0, 1, 3}) w.until_phase(key_of(id, "h-"), "completed");
  CHECK_FALSE(w.served().healthy());
  CHECK(w.served().gauges()[0]->partitions_owned.value() == 3);
  w.stop_service();
  CHECK(was_said(w, "Shard 2 is halted, the others go on. Records are lost"));
}

TEST_CASE("a damaged row: what is said to its saga is quarantined, its shard goes on") {
  world w(broker::real, vending_json());
  std::optional<seen_command> asked;
  const auto damaged = key_of(1, "d-"), sound = key_of(1, "s-");
  w.on["vending.ReserveItem.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    if (c.key == damaged) return asked = c, std::nullopt;
    return answer{"ok", "vending.ItemReserved.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reservation_id\":\"r\"}"};
  };
  w.serve();
  w.start_drink(damaged);
  w.until("it is asked", [&] { return asked.has_value(); });
  w.stop_service();
  w.sql("update saga set state = substring(state for 3)");
  w.serve();
  w.reply(*asked, {"ok", "vending.ItemReserved.v1", R"({"order_id":"x","reservation_id":"r"})"});
  w.start_drink(sound);
  w.until_phase(sound, "completed");
  CHECK(w.served().healthy());
  CHECK(w.count("select count(*) from quarantine where text_of(key) = '" + damaged +
                "' and reason like 'the row of saga " + w.saga_of(damaged) + " is damaged: %'") ==
        1);
  w.stop_service();
}

TEST_CASE("a broken invariant: what is said to that saga is quarantined, its shard goes on") {
  world w(broker::real, vending_json());
  std::optional<seen_command> asked;
  const auto broken = key_of(1, "b-"), sound = key_of(1, "s-");
  w.on["vending.ReserveItem.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    if (c.key == broken) return asked = c, std::nullopt;
    return answer{"ok", "vending.ItemReserved.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reservation_id\":\"r\"}"};
  };
  w.serve();
  w.start_drink(broken);
  w.until("it is asked", [&] { return asked.has_value(); });
  w.stop_service();
  constexpr auto completed = static_cast<int>(skald::machine::phase::completed);
  w.sql("update saga set state = set_byte(state, 1, " + std::to_string(completed) + ")");
  w.serve();
  w.start_drink(sound);
  w.reply(*asked, {"ok", "vending.ItemReserved.v1", R"({"order_id":"x","reservation_id":"r"})"});
  w.until_phase(sound, "completed");
  w.until("the reply is kept", [&] {
    return w.count("select count(*) from quarantine where text_of(key) = '" + broken +
                   "' and reason like 'saga " + w.saga_of(broken) +
                   " broke an invariant (a timer is armed%'") == 1;
  });
  CHECK(w.served().healthy());
  CHECK(w.count("select count(*) from journal j join saga s on s.no = j.saga_no where s.key = '" +
                broken + "'") == 1);
  w.stop_service();
}

TEST_CASE("a row by a newer program halts its shard alone, and nothing is quarantined") {
  world w(broker::real, vending_json());
  std::optional<seen_command> asked;
  const auto newer = key_of(1, "n-"), other = key_of(2, "n-");
  w.on["vending.ReserveItem.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    if (c.key == newer) return asked = c, std::nullopt;
    return answer{"ok", "vending.ItemReserved.v1",
                  "{\"order_id\":\"" + c.key + "\",\"reservation_id\":\"r\"}"};
  };
  w.serve();
  w.start_drink(newer);
  w.until("it is asked", [&] { return asked.has_value(); });
  w.stop_service();
  w.sql("update saga set state = set_byte(state, 0, 255)");
  w.serve();
  w.reply(*asked, {"ok", "vending.ItemReserved.v1", R"({"order_id":"x","reservation_id":"r"})"});
  w.until("it is seen", [&] { return w.served().gauges()[0]->shards_halted.value() == 1; });
  w.start_drink(other);
  w.until_phase(other, "completed");
  CHECK_FALSE(w.served().healthy());
  CHECK(w.count("select count(*) from quarantine") == 0);
  w.stop_service();
  CHECK(was_said(w, "was written by a newer skald: upgrade this service"));
}
