// Found by the simulator in its second million sagas: a customer's event came a hundred times, more
// than one saga may count, and a participant that had declined told then that it had done it. The
// flood had taken all places: its effect stood, and no undo was sent.
#include <doctest/doctest.h>

#include <algorithm>

#include "orchestrator/simulate/definitions.hpp"
#include "orchestrator/simulate/run.hpp"
#include "sagas/machine.hpp"

using namespace skald;
using machine::event_kind;

namespace {
struct all_hold final : machine::facts {
  bool holds(std::uint8_t) const override { return true; }
};
constexpr std::uint8_t agree = 0, prepare = 1;
}  // namespace

TEST_CASE("a flood of events hides no participant's effect") {
  sim::plan p;
  p.definition = "unstoppable";
  const auto& d = sim::script_of(p, sim::reference_scripts()).spec();
  REQUIRE(d.steps[agree].awaits());
  REQUIRE(d.steps[prepare].name == "prepare");
  machine::saga s;
  std::vector<machine::action> actions;
  const auto feed = [&](event_kind kind, std::uint8_t step, std::uint64_t occurrence) {
    actions.clear();
    machine::event e{.kind = kind, .step = step, .occurrence = occurrence, .at_ms = 1};
    return machine::step(d, s, e, all_hold{}, actions).verdict;
  };
  feed(event_kind::start, machine::whole_saga, 0);
  feed(event_kind::ok, agree, 1);
  feed(event_kind::declined, prepare, 7);
  auto said = machine::verdict::applied;
  for (std::uint64_t k = 2; said != machine::verdict::overflow; ++k) {
    REQUIRE(k < 1000);
    said = feed(event_kind::ok, agree, k);
  }
  CHECK(feed(event_kind::ok, prepare, 7) == machine::verdict::applied);
  CHECK(std::any_of(actions.begin(), actions.end(), [](const auto& a) {
    return a.kind == machine::action_kind::send_undo && a.step == prepare;
  }));
}
