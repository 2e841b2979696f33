// Found by the simulator: two events came of which nobody knew whose they were, the second after
// the parking time. A late start claimed both, and the undo of the second could not be written: of
// what was merely recorded no values are kept.
#include <doctest/doctest.h>

#include <algorithm>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "orchestrator/values.hpp"
#include "sagas/machine.hpp"

using namespace skald;
using machine::event_kind;

namespace {
struct no_guards final : machine::facts {
  bool holds(std::uint8_t) const override { return true; }
};
}  // namespace

TEST_CASE("the values of every stranger's event are kept until a start claims it") {
  sim::plan p;
  p.definition = "unstoppable";
  const auto& d = sim::script_of(p, sim::reference_scripts()).spec();
  machine::saga s;
  std::vector<machine::action> actions;
  const auto feed = [&](const machine::event& e) {
    actions.clear();
    return machine::step(d, s, e, no_guards{}, actions);
  };
  CHECK(
      keeps_values(feed({.kind = event_kind::ok, .step = 0, .occurrence = 1, .at_ms = 1}).verdict));
  feed({.kind = event_kind::parking_over, .at_ms = s.parking_ms});
  CHECK(s.phase == machine::phase::aborted);
  CHECK(keeps_values(
      feed({.kind = event_kind::ok, .step = 0, .occurrence = 2, .at_ms = 9'000}).verdict));
  feed({.kind = event_kind::start, .at_ms = 9'001});
  const auto undos = std::count_if(actions.begin(), actions.end(), [](const auto& a) {
    return a.kind == machine::action_kind::send_undo_named;
  });
  CHECK(undos == 2);
}
