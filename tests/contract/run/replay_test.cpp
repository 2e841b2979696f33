// Histories that the service wrote, decided again: the same, event by event and byte by byte.
#include "orchestrator/replay/replay.hpp"

#include "examples/vending/saga.hpp"
#include "sagas/json.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
struct told_world : world {
  told_world() : world(broker::real, vending_json()) {}

  const compiled* by_no(std::int32_t no) {
    if (!compiled_) {
      const auto spec = database().exec("select spec::text from definition where no = $1", {no});
      auto keep = std::make_shared<const stored_definition>(load_definition(spec.text(0, 0)));
      compiled_ = std::make_unique<compiled>(no, keep, keep->value(), prefix);
    }
    return compiled_.get();
  }
  bulk_result all() {
    const definition_choice own = [this](std::int32_t no) { return by_no(no); };
    return replay_all(database_url(), 0, own, own);
  }
  history of(const std::string& key) {
    const auto no = database().exec("select no from saga where key = $1", {key}).number(0, 0);
    return *read_history(database(), no);
  }

 private:
  std::unique_ptr<compiled> compiled_;
};
}  // namespace

TEST_CASE("what the service decided is decided again, whatever came: duplicates, declines, early") {
  told_world w;
  w.start_drink("twice");  // both in one batch: the service is not there yet
  w.start_drink("twice");
  w.start_drink("jams");
  w.on["vending.DispenseDrink.v1"] = [&](const seen_command& c) -> std::optional<answer> {
    if (c.key == "jams") return jam;
    return answer{"ok", "vending.DrinkDispensed.v1", "{\"order_id\":\"" + c.key + "\"}", true, 2};
  };
  w.serve();
  w.until_phase("twice", "completed");
  w.until_phase("jams", "aborted");
  w.stop_service();

  const auto r = w.all();
  CHECK(r.sagas == 2);
  CHECK(r.skipped == 0);
  CHECK(r.rows == static_cast<std::size_t>(w.count("select count(*) from journal")));
  for (const auto& [id, what] : r.examples) MESSAGE(id << " differs: " << what);
  CHECK(r.changed.empty());
  CHECK(w.count("select count(*) from journal j join saga s on s.no = j.saga_no "
                "where s.key = 'twice' and j.kind = 0") == 2);

  const auto past = w.of("jams");
  const auto one = replay(*w.by_no(past.definition), past);
  CHECK(one.differences == 0);
  CHECK(one.same_state);
  CHECK(one.report["state"]["phase"] == "aborted");
  CHECK(one.report["steps"].size() == past.rows.size());
  CHECK(replay(*w.by_no(past.definition), past, {.until_seq = 2}).report["steps"].size() == 2);
}

TEST_CASE("a history that was tampered with is found, with the event") {
  told_world w;
  w.start_drink("honest");
  w.serve();
  w.until_phase("honest", "completed");
  w.stop_service();
  w.sql(
      "update journal set kind = 2, type = 'vending.PaymentDeclined.v1' where kind = 1 and "
      "step = 1");
  const auto past = w.of("honest");
  const auto one = replay(*w.by_no(past.definition), past);
  CHECK(one.differences > 0);
  CHECK(one.report["first_difference"] == 3);
  const auto r = w.all();
  CHECK(r.changed.size() == 1);
  CHECK(r.changed.begin()->first == "completed -> aborting");
}

TEST_CASE("what if: without an event, with one twice, with a step that fails") {
  told_world w;
  w.start_drink("asked");
  w.serve();
  w.until_phase("asked", "completed");
  w.stop_service();
  const auto& d = *w.by_no(w.of("asked").definition);
  const auto phase_after = [&](auto change) {
    auto past = w.of("asked");
    change(past);
    return replay(d, past, {.compare = false}).report["state"]["phase"].template get<std::string>();
  };
  CHECK(phase_after([](history&) {}) == "completed");
  CHECK(phase_after([](history& h) { drop(h, 4); }) == "running");
  CHECK(phase_after([](history& h) { duplicate(h, 3); }) == "completed");
  CHECK(phase_after([&](history& h) { fail(h, d.spec(), "charge"); }) == "aborting");
  auto past = w.of("asked");
  CHECK_THROWS_WITH(drop(past, 99), "this history has no event 99");
  CHECK_THROWS_WITH(fail(past, d.spec(), "fly"), "the definition has no step `fly`");
}
