// What step() costs: nanoseconds of CPU for each event of a saga's life, no payload parsed.
#include <cstdio>
#include <ctime>
#include <string_view>
#include <vector>

#include "sagas/encoding.hpp"
#include "sagas/machine.hpp"

namespace {
using namespace skald;
using machine::event;
using machine::event_kind;

constexpr int sagas = 400'000;

struct always final : machine::facts {
  bool holds(std::uint8_t) const override { return true; }
};

definition vending() {
  constexpr command send{.type = "bench.Do.v1", .participant = "other"};
  skald::step reserve;
  reserve.name = "reserve";
  reserve.send = send;
  reserve.within = 5s;
  reserve.undo = undo{send};
  auto charge = reserve, dispense = reserve;
  charge.name = "charge";
  charge.stage = 1;
  dispense.name = "dispense";
  dispense.stage = 2;
  dispense.undo = irreversible;
  dispense.fence = send;
  definition d;
  d.name = "vending";
  d.version = 1;
  d.steps.push(reserve);
  d.steps.push(charge);
  d.steps.push(dispense);
  return d;
}

event ok(std::uint8_t i) {
  return {.kind = event_kind::ok, .step = i, .occurrence = 7, .at_ms = 1790000000000};
}

template <class Each>
double ns_per(std::size_t operations, Each each) {
  const auto begin = std::clock();
  for (int i = 0; i < sagas; ++i) each(i);
  const auto ns = 1e9 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  return ns / sagas / static_cast<double>(operations);
}

double step_ns(const definition& d, const std::vector<event>& life, machine::phase expected) {
  std::vector<machine::action> actions;
  const always guards;
  int wrong = 0;
  const auto ns = ns_per(life.size(), [&](int i) {
    machine::saga s;
    s.jitter_seed = static_cast<std::uint64_t>(i);
    for (auto& e : life) {
      actions.clear();
      machine::step(d, s, e, guards, actions);
    }
    wrong += s.phase != expected;
  });
  if (wrong != 0) std::printf("WRONG: %d sagas did not end as expected\n", wrong);
  return ns;
}
}  // namespace

int main() {
  const auto d = vending();
  const std::vector<event> happy{{.kind = event_kind::start}, ok(0), ok(1), ok(2)};
  const std::vector<event> jammed{{.kind = event_kind::start},
                                  ok(0),
                                  ok(1),
                                  {.kind = event_kind::declined, .step = 2, .occurrence = 7},
                                  {.kind = event_kind::undone, .step = 1, .n = 1},
                                  {.kind = event_kind::undone, .step = 0, .n = 1}};
  std::printf("step(), happy path of three steps   %7.1f ns an event\n",
              step_ns(d, happy, machine::phase::completed));
  std::printf("step(), pivot declined, two undos   %7.1f ns an event\n",
              step_ns(d, jammed, machine::phase::aborted));

  machine::saga s;
  std::vector<machine::action> actions;
  for (auto& e : happy) machine::step(d, s, e, always{}, actions);
  std::string bytes;
  std::size_t total = 0;
  const auto write = ns_per(1, [&](int) {
    bytes.clear();
    machine::encode(s, bytes);
    total += bytes.size();
  });
  const auto read = ns_per(1, [&](int) { total += machine::decode(bytes, s).size(); });
  std::printf("encode %5.1f ns, decode %5.1f ns, %zu bytes\n", write, read, bytes.size());
  return total == 0;
}
