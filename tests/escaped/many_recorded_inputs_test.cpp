// A saga notes inputs that change nothing in its journal up to a bound, and only counts later ones.
// Replay held the two counts against each other: forty duplicates of a start, and the state was
// said to differ.
#include "orchestrator/replay/replay.hpp"
#include "sagas/json.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("a saga that recorded more inputs than its journal keeps is decided again the same") {
  world w(broker::embedded, vending_json());
  for (int i = 0; i < 40; ++i) w.start_drink("again");  // one batch: the service is not there yet
  w.serve();
  w.until_phase("again", "completed");
  w.stop_service();
  CHECK(w.count("select count(*) from journal where kind = 0") == 1 + machine::max_recorded);

  const auto spec = w.sql("select no, spec::text from definition");
  auto keep = std::make_shared<const stored_definition>(load_definition(spec.text(0, 1)));
  const compiled own(static_cast<int>(spec.number(0, 0)), keep, keep->value(), w.prefix);
  const definition_choice it = [&](std::int32_t) { return &own; };
  const auto r = replay_all(w.database_url(), 0, it, it);
  CHECK(r.sagas == 1);
  for (const auto& [id, what] : r.examples) MESSAGE(id << " differs: " << what);
  CHECK(r.changed.empty());
}
