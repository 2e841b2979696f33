#include <algorithm>

#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
bool no_success_of(const saga& s, std::uint8_t i) {
  const auto none = [i](auto& all, auto is_success) {
    return std::none_of(all.begin(), all.end(),
                        [&](auto& x) { return x.step == i && is_success(x); });
  };
  const auto any = [](auto&) { return true; };
  return s.steps[i].accepted == 0 && none(s.surpluses, any) && none(s.counted, any) &&
         none(s.parked, [](auto& p) { return p.ok; }) &&
         none(s.held, [](auto& e) { return e.kind == event_kind::ok; });
}
}  // namespace

bool seen(const saga& s, std::uint8_t i, std::uint64_t occurrence) {
  if (s.steps[i].accepted == occurrence) return true;
  for (auto& x : s.surpluses)
    if (x.step == i && x.occurrence == occurrence) return true;
  for (auto& c : s.counted)
    if (c.step == i && c.occurrence == occurrence) return true;
  return false;
}

void count(turn& t, std::uint8_t i, std::uint64_t occurrence) {
  if (!seen(t.s, i, occurrence)) t.s.counted.push_back({i, occurrence});
}

// The occurrence that counts from now on; the one before it stays counted.
void accept(turn& t, std::uint8_t i, std::uint64_t occurrence) {
  auto& st = t.s.steps[i];
  const auto before = st.accepted;
  st.accepted = occurrence;
  if (before != 0 && before != occurrence) count(t, i, before);
}

// A flood of one step's events takes nothing from the others: each step's first always has a place.
bool room_to_count(const saga& s, std::uint8_t i, std::size_t waiting) {
  return waiting + s.surpluses.size() + s.counted.size() < max_occurrences || no_success_of(s, i);
}
}  // namespace skald::machine
