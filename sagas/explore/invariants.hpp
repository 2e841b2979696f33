// What must hold in every reachable world (docs/semantics.md 5).
#pragma once
#include <string>

#include "sagas/explore/world.hpp"

namespace skald::explore {
struct violation {
  std::string rule;      // "S4"
  std::string sentence;  // what is wrong, in the words of the definition
  std::uint8_t step = machine::whole_saga;
  bool found() const { return !rule.empty(); }
};

// Judges the world `after` a happening.
violation judge(const universe&, const world& after, const move&, const happening&);

// Nothing more has to happen, or a person has been asked.
bool may_rest(const world&);
}  // namespace skald::explore
