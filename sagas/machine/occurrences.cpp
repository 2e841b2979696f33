#include "sagas/machine/turn.hpp"

namespace skald::machine {
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

bool room_to_count(const saga& s) {
  return s.surpluses.size() + s.counted.size() + s.parked.size() < max_occurrences;
}
}  // namespace skald::machine
