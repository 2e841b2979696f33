// The operator's word: each request gets its verdict in the journal, the participant's books are
// written first, and replay decides all of it again.
#include "examples/vending/saga.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/replay/replay.hpp"
#include "orchestrator/requests.hpp"
#include "sagas/json.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;
using requests::verb;

namespace {
struct operated : world {
  explicit operated(const std::string& json = vending_json()) : world(broker::real, json) {
    serve();
  }
  signer tokens() { return signer(live_secrets(database())); }
  requests::target target(const std::string& key) const { return {definition, key}; }
  requests::sender from() const { return {prefix, "/test"}; }
  std::int64_t no_of(const std::string& key) {
    return database().exec("select no from saga where key = $1", {key}).number(0, 0);
  }
  void send(const requests::record& r) { publish(r.topic, r.key, r.headers, r.value); }

  // Sends it and waits for what the owner says.
  std::string say(const std::string& key, requests::action a) {
    a.actor = "ann";
    a.reason = "because \"so\"";
    auto sign = tokens();
    const auto id = requests::new_id();
    send(requests::act(from(), target(key), a, id, sign));
    std::optional<requests::verdict> said;
    until("the verdict", [&] {
      said = requests::find_verdict(database(), no_of(key), 0, id, a.verb);
      return said.has_value();
    });
    return said->name;
  }
  bool replays() {
    const auto spec = database().exec("select spec::text from definition where no = 1");
    const auto keep = std::make_shared<const stored_definition>(load_definition(spec.text(0, 0)));
    const compiled own(1, keep, keep->value(), prefix);
    const definition_choice choice = [&](std::int32_t) { return &own; };
    const auto r = replay_all(database_url(), 0, choice, choice);
    for (const auto& [id, what] : r.examples) MESSAGE(id << " differs: " << what);
    return r.sagas > 0 && r.changed.empty();
  }
};
}  // namespace

TEST_CASE("every action has its verdict in the journal, of a finished saga too") {
  operated w;
  w.on["vending.ChargePayment.v1"] = [](const seen_command&) { return std::optional<answer>(); };
  w.start_drink("a");
  w.until("the charge is out", [&] { return w.types_seen("a").size() == 2; });
  CHECK(w.say("a", {.verb = verb::resume}) == "refused");
  CHECK(w.say("a", {.verb = verb::retry, .step = "charge"}) == "refused");
  CHECK(w.say("a", {.verb = verb::cancel, .if_seq = 1}) == "stale");
  CHECK(w.say("a", {.verb = verb::pause}) == "applied");
  CHECK(w.say("a", {.verb = verb::pause}) == "duplicate");
  CHECK(w.say("a", {.verb = verb::cancel}) == "held");
  CHECK(w.say("a", {.verb = verb::resume}) == "applied");
  w.until_phase("a", "aborted");
  CHECK(w.say("a", {.verb = verb::pause}) == "refused");
  CHECK(w.say("a", {.verb = verb::cancel, .if_seq = 2}) == "stale");
  for (int i = 0; i < 2; ++i)
    CHECK(w.say("a", {.verb = verb::done, .step = "reserve"}) == "refused");
  const auto last = w.sql("select payload from journal_text order by seq desc limit 1");
  CHECK(last.text(0, 0) == R"({"action":"done","step":"reserve","in_books":false,"actor":"ann",)"
                           R"("reason":"because \"so\""})");
  w.stop_service();
  CHECK(w.replays());
}

TEST_CASE("more than 32 recorded inputs: the history still gives the state, byte for byte") {
  operated w;
  std::optional<seen_command> charge;
  w.on["vending.ChargePayment.v1"] = [&](const seen_command& c) {
    charge = c;
    return std::optional<answer>();
  };
  w.start_drink("r");
  w.until("the charge is out", [&] { return charge.has_value(); });
  w.reply(*charge, {"undone", "skald.reply.v1", "{}", true, 40});  // nobody asked
  w.reply(*charge, {"ok", "vending.PaymentCompleted.v1",
                    R"({"order_id":"r","payment_id":"p","amount_cents":250})"});
  w.until_phase("r", "completed");
  w.stop_service();
  CHECK(w.count("select count(*) from journal where outcome = 5") == 32);
  CHECK(w.replays());
}

TEST_CASE("settle: the participant's books first, then the saga; a retry sends the same undo") {
  operated w(impatient_json());
  std::vector<seen_command> words;
  w.on["vending.ReleaseItem.v1"] = [](const seen_command&) { return std::optional<answer>(); };
  w.on["vending.PaymentDeclined.v1"] = {};
  w.on["vending.ChargePayment.v1"] = [](const seen_command& c) {
    return std::optional<answer>({"declined", "vending.PaymentDeclined.v1",
                                  "{\"order_id\":\"" + c.key + "\",\"reason\":\"no money\"}"});
  };
  w.on["skald.settle.v1"] = [&](const seen_command& c) {
    words.push_back(c);
    return std::optional<answer>({"undone", "skald.reply.v1", "{}"});
  };
  const auto stuck = [&] {
    return w.count("select count(*) from open where facet_name(facet) = 'stuck'") == 1;
  };
  w.start_drink("s");
  w.until("it is stuck", stuck);
  CHECK(w.say("s", {.verb = verb::settle, .step = "charge"}) == "refused");
  const auto undos = w.types_seen("s").size();
  CHECK(w.say("s", {.verb = verb::retry, .step = "reserve"}) == "applied");
  w.until("the undo is sent again", [&] { return w.types_seen("s").size() > undos; });
  CHECK(w.types_seen("s").back() == "ReleaseItem");
  w.until("it is stuck again", stuck);

  const auto seq = w.count("select seq from saga");
  auto sign = w.tokens();
  const auto word = requests::settle(w.from(), vending::vending_saga, w.target("s"), 0,
                                     {.verb = verb::settle, .n = 1}, sign);
  REQUIRE(word);
  CHECK(word->topic == "inventory.commands");
  CHECK(word->value == R"({"row":"undone"})");
  auto here = *word;
  here.topic = w.commands.back().topic;  // this run's own
  w.send(here);
  w.until("the books are written", [&] { return words.size() == 1; });
  CHECK(words[0].header("ce_sagareplyto") == w.prefix + ".inbox");
  // The answer is read before the action is, and says nothing to the saga by itself.
  CHECK(w.say("s", {.verb = verb::settle, .step = "reserve", .in_books = true}) == "applied");
  CHECK(w.count("select seq from saga") == seq + 1);
  w.until_phase("s", "aborted");
  CHECK(w.count("select count(*) from quarantine") == 0);
  w.stop_service();
  CHECK(w.replays());
}

TEST_CASE("an action that names no step of the saga is found in quarantine by its id") {
  operated w;
  w.start_drink("q");
  w.until_phase("q", "completed");
  auto sign = w.tokens();
  w.send(
      requests::act(w.from(), w.target("q"), {.verb = verb::retry, .step = "stir"}, "one", sign));
  std::optional<std::string> why;
  w.until("it is quarantined", [&] {
    why = requests::find_quarantined(w.database(), w.prefix + ".inbox", "q", "one");
    return why.has_value();
  });
  CHECK(*why == "the action names a step that the saga's definition does not have");
  CHECK(!requests::find_quarantined(w.database(), w.prefix + ".inbox", "q", "two"));
}
