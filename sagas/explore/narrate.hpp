// A counterexample in words: moves become lines, worlds a ledger, a violation its cause and its
// fix.
#pragma once
#include "sagas/explore/explore.hpp"
#include "sagas/explore/search.hpp"

namespace skald::explore {
void narrate(const universe&, const found&, report& out);  // trace, ledger, participants, guards
}  // namespace skald::explore
