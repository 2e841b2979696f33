// A worker reads the definitions' states once a second. A start that came between an activation and
// that look was quarantined: "no version of the definition is active". On a busy machine this took
// all starts of a worker's shards for up to a second.
#include "examples/vending/saga.hpp"
#include "orchestrator/definitions.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

TEST_CASE("a start is taken as soon as its definition is active") {
  world w(broker::embedded, vending_json());
  auto later = vending::vending_saga;
  later.name = "vending_later";
  auto json = json_of(later);
  for (std::size_t at; (at = json.find("{run}")) != std::string::npos;) json.replace(at, 5, w.run);
  w.serve();
  const auto added = definitions::add(w.database(), json, {true, "proven"}, "", "test");
  REQUIRE(added.problem == "");
  w.definition = "vending_later";
  w.start_drink("too-early");  // tells that the worker has seen it: registered, not active
  w.until("refused", [&] { return w.count("select count(*) from quarantine") == 1; });

  const auto admin = kafka::open_admin(w.service_settings().kafka);
  const auto active = definitions::activate(w.database(), *admin, w.service_settings(), added.name,
                                            added.version, false, "test");
  REQUIRE(active.problem == "");
  w.start_drink("at-once");
  w.until("taken or refused", [&] {
    return w.count("select count(*) from saga") + w.count("select count(*) from quarantine") == 2;
  });
  CHECK(w.count("select count(*) from quarantine") == 1);
  w.until_phase("at-once", "completed");
}
