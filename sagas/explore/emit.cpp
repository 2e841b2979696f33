// The counterexample as a doctest case: the engine's events, replayed through step().
#include "sagas/explore/report.hpp"

namespace skald::explore {
std::string to_test(const definition& d, const report& r) {
  auto name = std::string(d.name);
  for (auto& c : name)
    if (c == '-' || c == ' ' || c == '.') c = '_';
  std::string out = "// Written by `skald definition check`; include the header of `" + name +
                    "`.\n" +
                    R"(// It passes as long as the engine goes the way of the counterexample.
#include <doctest/doctest.h>

#include "sagas/machine.hpp"

TEST_CASE(")" + name +
                    ": " + r.rule + R"(") {
  using namespace skald::machine;
  struct : facts {
    bool holds(std::uint8_t step) const override { return )" +
                    std::to_string(r.guards) + R"(u >> step & 1; }
  } guards;
  enum special { as_it_is, in_books, an_old_one, the_last };
  saga s;
  std::vector<action> sent;
  const auto apply = [&](event_kind kind, std::uint8_t step = whole_saga, std::uint16_t n = 0,
                         std::uint64_t occurrence = 0, special how = as_it_is) {
    event e{.kind = kind, .step = step, .n = n, .occurrence = occurrence};
    e.in_books = how == in_books;
    if (kind == event_kind::retry) e.after_ms = 1;
    std::uint16_t none = 0;
    auto* arm = step < s.steps.size() ? &s.steps[step].arm : &none;
    auto* attempts = step < s.steps.size() ? &s.steps[step].attempts : nullptr;
    if (kind == event_kind::timer && occurrence)
      for (auto& x : s.surpluses)
        if (x.step == step && x.occurrence == occurrence) arm = &x.arm, attempts = &x.attempts;
    if (kind == event_kind::timer) e.arm = static_cast<std::uint16_t>(*arm - (how == an_old_one));
    if (how == the_last && attempts) *attempts = 255;  // its retries are used up
    return skald::machine::step()" +
                    name + R"(, s, e, guards, sent).verdict;
  };
)";
  for (auto& line : r.trace) {
    auto who = line.actor.empty() ? "" : line.actor + ": ";
    out += "  // " + who + line.what + (line.decision.empty() ? "" : " -> " + line.decision) + "\n";
    if (!line.replay.empty()) out += "  CHECK(" + line.replay + ");\n";
  }
  out += "  // " + r.rule + ": " + r.sentence + ".\n";
  for (auto& line : r.ledger) out += "  // " + line + "\n";
  return out + "  CHECK(s.phase == " + r.end + ");\n}\n";
}
}  // namespace skald::explore
