// What each customer does, drawn from a seed: pure, so that the same seed gives the same day.
#pragma once
#include <cstdint>
#include <string>

#include "examples/vending/rules.hpp"

namespace vending {
struct chances {
  double out_of_stock = 0, declined = 0, jams = 0;  // by the slot that is selected
  double start_twice = 0, start_late = 0;           // a duplicate; others overtake it
  // The second scenario: the customer pays by himself.
  double pays_early = 0, pays_late = 0, tells_twice = 0, pays_twice = 0, never_pays = 0;
};

struct visit {
  std::string order_id;
  int slot = 1;
  int starts = 1;  // copies of the start
  bool start_late = false;
  int payments = 1;  // 2: the second one is surplus
  int tellings = 1;  // copies of each payment's event
  enum class pays : std::uint8_t { early, soon, late } when = pays::soon;
};

// A customer's dice: splitmix64 over (seed, number), so that visits do not depend on each other.
class dice {
 public:
  dice(std::uint64_t seed, std::uint64_t number) : state_(seed * 0x9e3779b97f4a7c15 + number) {
    next();
  }
  bool falls(double chance) { return static_cast<double>(next() >> 11) * 0x1p-53 < chance; }
  int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }

 private:
  std::uint64_t next() {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  std::uint64_t state_;
};

inline visit plan(const chances& c, std::uint64_t seed, std::uint64_t number,
                  const std::string& order_prefix) {
  dice d(seed, number);
  visit v{.order_id = order_prefix + std::to_string(number), .slot = 1 + d.below(vintage_slot - 1)};
  if (d.falls(c.jams)) v.slot = jammed_slot;
  if (d.falls(c.declined)) v.slot = vintage_slot;
  if (d.falls(c.out_of_stock)) v.slot = empty_slot;
  if (d.falls(c.start_twice)) v.starts = 2;
  v.start_late = d.falls(c.start_late);
  if (d.falls(c.tells_twice)) v.tellings = 2;
  if (d.falls(c.pays_twice)) v.payments = 2;
  if (d.falls(c.never_pays)) v.payments = 0;
  if (d.falls(c.pays_late)) v.when = visit::pays::late;
  if (d.falls(c.pays_early)) v.when = visit::pays::early;
  return v;
}
}  // namespace vending
