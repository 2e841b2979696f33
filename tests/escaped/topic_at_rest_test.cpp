// Found by the simulator in its fourth million sagas: an activation added a topic while nothing
// else happened, and the first event on it lay there until the shard's next commit, up to a minute
// later.
#include <doctest/doctest.h>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"

TEST_CASE("a topic that is added to a service at rest is read soon") {
  using namespace skald::sim;
  plan p;
  p.seed = 12250;
  p.sagas = 300;
  p.only_saga = 0;
  p.without = ~bit(fault::late_topic);
  p.definition = "shop_order";
  const auto done = run(p, script_of(p, reference_scripts()));
  CHECK(done.coverage.faults[static_cast<std::size_t>(fault::late_topic)] == 1);
  CHECK(done.findings.violation == "");
}
