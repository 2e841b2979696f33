#include "outbox/participant_faults.hpp"

#include <csignal>
#include <cstdlib>

namespace skald {
bool faults::draw(double chance) {
  if (chance <= 0) return false;
  auto z = state_ += 0x9e3779b97f4a7c15;  // splitmix64
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53 < chance;
}

void faults::die() {
  std::raise(SIGKILL);
  std::abort();
}
}  // namespace skald
