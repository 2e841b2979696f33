// The engine's own invariants, asserted after every event and asked by tests.
#pragma once
#include "sagas/machine.hpp"

namespace skald::machine {
// A sentence about the first invariant that `s` breaks, or null.
const char* broken_invariant(const definition& d, const saga& s);
}  // namespace skald::machine
