#include "orchestrator/decide.hpp"

#include <doctest/doctest.h>

#include <deque>

#include "orchestrator/journal.hpp"
#include "orchestrator/saga_no.hpp"
#include "outbox/frame.hpp"
#include "sagas/encoding.hpp"
#include "tests/unit/orchestrator/run/two_definitions.hpp"

using namespace skald;
using machine::phase;

namespace {
constexpr std::int64_t now_ms = 1'900'000'000'000;
constexpr std::int16_t shard_id = 5;

// The stage decide with all that it works on; a batch is what it is told between two `begin`s.
struct desk {
  test::two_definitions from;
  catalog known{"p"};
  saga_cache sagas{100, 1 << 20};
  signer tokens{{{1, "secret"}}};
  metrics counts;
  trace::recorder spans{{}};
  owned_shard shard;
  command_writer commands{"p.saga-events", tokens, spans};
  decider subject{known,  sagas, commands,
                  counts, spans, [this](std::int16_t) -> owned_shard& { return shard; }};
  topic_counts topics{counts};
  batch b;

  desk() {
    known.refresh(from);
    shard.row.id = shard_id;
    shard.next_no = saga_no::first(now_ms, shard_id);
    begin();
  }
  void begin(std::int64_t at_ms = now_ms) {
    b.clear();
    shard.packed.clear();
    shard.frames = 0;
    shard.touched = false;
    subject.begin(b, at_ms);
  }
  // As if the batch were committed.
  void commit() {
    subject.end();
    for (const auto* rows : {&b.fresh, &b.changed})
      for (const auto& row : *rows) {
        auto* saga = sagas.find(row.id);
        saga->fresh = saga->touched = false;
      }
  }
  uuid id(const std::string& key) const { return saga_id(known.by_no(1)->ns(), key); }

  void start(const std::string& key, const std::string& data = order) {
    auto& in = make(key, data);
    in.from = input::source::start;
    in.envelope.type = "vending.ItemSelected.v1";
    subject.decide(in);
  }
  void reply(const std::string& key, std::string_view step, wire::outcome said,
             std::string_view type, const std::string& data = "{}") {
    auto& in = make(key, data);
    in.from = input::source::reply;
    in.envelope.type = type;
    in.envelope.outcome = said;
    in.answered = {in.saga, step, wire::kind::do_, 0};
    subject.decide(in);
  }
  void event(const std::string& key, const std::string& data) {
    auto& in = make(key, data);
    in.from = input::source::event;
    in.topic = "payment.events";
    in.definition = known.by_no(2);
    in.saga = saga_id(in.definition->ns(), key);
    in.envelope.type = "vending.CustomerPaid.v1";
    subject.decide(in);
  }
  void action(const std::string& key, const std::string& data) {
    auto& in = make(key, data);
    in.from = input::source::action;
    subject.decide(in);
  }
  void timer(const live_saga& saga) {
    input in;
    in.from = input::source::timer;
    in.shard = shard_id;
    in.saga = saga.id;
    in.timer_no = saga.no;
    subject.decide(in);
  }
  void complete(const std::string& key) {
    using wire::outcome;
    reply(key, "reserve", outcome::ok, "vending.ItemReserved.v1", R"({"reservation_id":"r"})");
    reply(key, "charge", outcome::ok, "vending.PaymentCompleted.v1", R"({"payment_id":"p"})");
    reply(key, "dispense", outcome::ok, "vending.DrinkDispensed.v1");
  }
  // Types of the frames packed so far.
  std::vector<std::string> sent() const {
    std::vector<std::string> types;
    wire::frame f;
    for (std::string_view rest = shard.packed; !rest.empty() && wire::read_frame(rest, f);)
      types.emplace_back(wire::parse(f.headers).envelope.type);
    return types;
  }

  static inline const std::string order = R"({"order_id":"k","slot":7,"price_cents":250})";

 private:
  input& make(const std::string& key, const std::string& data) {
    auto& text = texts_.emplace_back(data);
    auto& r = records_.emplace_back();
    r.topic = "p.inbox";
    r.value = text;
    r.has_value = true;
    r.key = texts_.emplace_back(key);
    r.has_key = true;
    auto& in = inputs_.emplace_back();
    in.shard = shard_id;
    in.record = &r;
    in.key = key;
    in.definition = known.by_no(1);
    in.saga = id(key);
    in.data = text;
    in.message_id = texts_.emplace_back("m-" + std::to_string(inputs_.size()));
    in.counts = &topics.of(r.topic);
    return in;
  }
  std::deque<std::string> texts_;
  std::deque<wire::record> records_;
  std::deque<input> inputs_;
};

using strings = std::vector<std::string>;

machine::saga state_of(const saga_write& row) {
  machine::saga s;
  CHECK(machine::decode(row.state, s) == "");
  return s;
}
}  // namespace

TEST_CASE("a start: one row, one line of its journal, its first command and its event") {
  desk d;
  d.start("k");
  d.commit();
  REQUIRE(d.b.fresh.size() == 1);
  const auto& row = d.b.fresh[0];
  CHECK(row.id == d.id("k"));
  CHECK(row.key == "k");
  CHECK(row.seq == 1);
  CHECK(row.definition == 1);
  CHECK(row.due_ms == now_ms + 5'000);  // of reserve
  CHECK(saga_no::shard(row.no) == shard_id);
  CHECK(state_of(row).phase == phase::running);
  REQUIRE(d.b.journal.size() == 1);
  CHECK(d.b.journal[0].saga_no == row.no);
  CHECK(d.b.journal[0].seq == 1);
  CHECK(d.b.journal[0].payload == desk::order);
  CHECK(d.b.journal[0].commands_hash != 0);
  CHECK(d.shard.frames == 2);
  CHECK(d.sent() == strings{"skald.saga.started.v1", "vending.ReserveItem.v1"});
  CHECK(d.shard.touched);
  CHECK(d.shard.open.size() == 1);
}

TEST_CASE("a command carries the values, the id and a token that its reply can show") {
  desk d;
  d.start("k");
  wire::frame f;
  std::string_view rest = d.shard.packed;
  REQUIRE(wire::read_frame(rest, f));
  REQUIRE(wire::read_frame(rest, f));
  CHECK(f.topic == "inventory.commands");
  CHECK(f.key == "k");
  CHECK(f.value == R"({"order_id":"k","slot":7})");
  const auto said = wire::parse(f.headers).envelope;
  CHECK(said.id == to_string(d.id("k")) + "/reserve/do/0");
  CHECK(said.correlation_id == to_string(d.id("k")));
  CHECK(d.tokens.good(said.token, said.id));
}

TEST_CASE("all that one batch says to a saga folds into one row, each word into its own line") {
  desk d;
  d.start("k");
  d.complete("k");
  d.commit();
  REQUIRE(d.b.fresh.size() == 1);
  CHECK(d.b.changed.empty());
  CHECK(d.b.fresh[0].seq == 4);
  CHECK(d.b.fresh[0].due_ms == 0);
  CHECK(state_of(d.b.fresh[0]).phase == phase::completed);
  REQUIRE(d.b.journal.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(d.b.journal[i].seq == static_cast<std::int32_t>(i + 1));
  CHECK(d.sent() == strings{"skald.saga.started.v1", "vending.ReserveItem.v1",
                            "vending.ChargePayment.v1", "vending.DispenseDrink.v1",
                            "skald.saga.completed.v1"});
  CHECK(d.shard.open.size() == 0);
  CHECK(d.b.opened.empty());
}

TEST_CASE("in a later batch the row is changed; a duplicate is noted and sends nothing") {
  desk d;
  d.start("k");
  d.commit();
  d.begin();
  d.start("k");
  d.commit();
  REQUIRE(d.b.journal.size() == 1);
  CHECK(d.b.journal[0].outcome == static_cast<std::uint8_t>(machine::verdict::duplicate));
  CHECK(d.b.journal[0].commands_hash == 0);
  CHECK(d.shard.frames == 0);
  d.begin();
  d.complete("k");
  d.commit();
  CHECK(d.b.fresh.empty());
  REQUIRE(d.b.changed.size() == 1);
  CHECK(d.b.changed[0].seq == 5);
  CHECK(d.b.changed[0].phase == static_cast<std::uint8_t>(phase::completed));
}

TEST_CASE("a reply before the start is parked: a row without a phase, no command") {
  desk d;
  d.reply("k", "dispense", wire::outcome::ok, "vending.DrinkDispensed.v1");
  d.commit();
  REQUIRE(d.b.fresh.size() == 1);
  CHECK(d.b.fresh[0].phase == static_cast<std::uint8_t>(phase::none));
  CHECK(d.b.fresh[0].due_ms == now_ms + 15 * 60'000);
  CHECK(d.shard.frames == 0);
}

TEST_CASE("of sagas that wait for their start a shard keeps a bounded number, for events") {
  desk d;
  const std::string paid = R"({"order_id":"k","payment_id":"p","amount_cents":250})";
  for (std::size_t n = 1; n < most_waiting_for_start; ++n)
    d.shard.open.set(static_cast<std::int64_t>(n), {}, 0, timers::not_started);
  d.event("k1", paid);
  d.commit();
  CHECK(d.b.fresh.size() == 1);
  CHECK(d.shard.open.waiting_for_start() == most_waiting_for_start);

  d.begin();
  d.event("k2", paid);
  d.event("k1", paid);  // a duplicate, of one that waits already
  d.reply("k3", "charge", wire::outcome::ok, "vending.PaymentCompleted.v1",
          R"({"payment_id":"p"})");  // who answers was sent a command
  d.commit();
  REQUIRE(d.b.quarantined.size() == 1);
  CHECK(d.b.quarantined[0].reason.find("has not started") != std::string::npos);
  REQUIRE(d.b.fresh.size() == 1);
  CHECK(d.b.fresh[0].key == "k3");
}

TEST_CASE("what no saga can use goes to quarantine and leaves nothing in memory") {
  desk d;
  d.start("bad", "{");
  d.start("poor", R"({"order_id":"poor"})");
  d.reply("nobody", "charge", wire::outcome::undone, "skald.reply.v1");
  d.action("nobody", R"({"action":"pause"})");
  d.commit();
  REQUIRE(d.b.quarantined.size() == 4);
  CHECK(d.b.quarantined[0].reason == "the data is not JSON");
  CHECK(d.b.quarantined[1].reason == "the data lacks a value that a command needs");
  for (const auto i : {2, 3})
    CHECK(d.b.quarantined[static_cast<std::size_t>(i)].reason ==
          "there is no saga of this key, and this begins none");
  CHECK(d.b.fresh.empty());
  CHECK(d.b.journal.empty());
  CHECK(d.sagas.size() == 0);
  CHECK(d.shard.open.size() == 0);
}

TEST_CASE("the cache knows the bytes that a saga keeps of its messages") {
  desk d;
  d.start("k");
  const auto before = d.sagas.bytes();
  CHECK(before > sizeof(live_saga));
  const std::string large(10'000, 'x');
  d.reply("k", "reserve", wire::outcome::ok, "vending.ItemReserved.v1",
          R"({"reservation_id":")" + large + R"("})");
  CHECK(d.b.quarantined.empty());
  CHECK(d.sagas.bytes() > before + 9'000);  // some room was there before
  d.sagas.erase(d.id("k"));
  CHECK(d.sagas.bytes() == 0);
}

TEST_CASE("a key that is not the saga's own is refused, and the saga stays as it was") {
  desk d;
  d.start("k");
  d.commit();
  d.begin();
  auto* saga = d.sagas.find(d.id("k"));
  REQUIRE(saga);
  saga->key = "another";  // as if two keys had one id
  d.start("k");
  d.commit();
  REQUIRE(d.b.quarantined.size() == 1);
  CHECK(d.b.quarantined[0].reason == "the record's key is not the saga's key");
  CHECK(d.b.changed.empty());
}

TEST_CASE("timers: a step's command again, the same id and the next attempt") {
  desk d;
  d.start("k");
  d.commit();
  const auto* saga = d.sagas.find(d.id("k"));
  d.begin(now_ms + 4'999);
  d.timer(*saga);
  d.commit();
  CHECK(d.b.rows() == 0);  // not due yet
  d.begin(now_ms + 60'000);
  d.timer(*saga);
  d.commit();
  REQUIRE(d.b.changed.size() == 1);
  CHECK(d.sent() == strings{"vending.ReserveItem.v1"});
  wire::frame f;
  std::string_view rest = d.shard.packed;
  REQUIRE(wire::read_frame(rest, f));
  CHECK(wire::parse(f.headers).envelope.attempt == 2);
  CHECK(wire::parse(f.headers).envelope.id == to_string(d.id("k")) + "/reserve/do/0");
}

TEST_CASE("a timer of a saga that is not there is forgotten") {
  desk d;
  live_saga gone;
  gone.no = saga_no::first(now_ms, shard_id);
  gone.id = d.id("gone");
  d.shard.open.set(gone.no, gone.id, now_ms, 1);
  d.timer(gone);
  d.commit();
  CHECK(d.shard.open.size() == 0);
  CHECK(d.b.rows() == 0);
  CHECK(d.sagas.size() == 0);
}

TEST_CASE("what waits for people is listed at once, and no more when it is over") {
  desk d;
  d.start("k");
  d.commit();
  CHECK(d.b.opened.empty());  // young, and nobody need look
  d.begin();
  d.action("k", R"({"action":"pause"})");
  d.commit();
  REQUIRE(d.b.opened.size() == 1);
  CHECK(d.b.opened[0].shard == shard_id);
  d.begin();
  d.action("k", R"({"action":"resume"})");
  d.complete("k");
  d.commit();
  REQUIRE(d.b.closed.size() == 1);
  CHECK(d.b.closed[0] == d.b.changed.at(0).no);
}

TEST_CASE("an action on an older state is answered in the journal and changes nothing else") {
  desk d;
  d.start("k");
  d.commit();
  d.begin();
  d.action("k", R"({"action":"cancel","if_seq":9})");
  d.commit();
  REQUIRE(d.b.journal.size() == 1);
  CHECK(d.b.journal[0].outcome == stale_outcome);
  REQUIRE(d.b.changed.size() == 1);
  CHECK(state_of(d.b.changed[0]).phase == phase::running);
  CHECK(d.shard.frames == 0);
}
