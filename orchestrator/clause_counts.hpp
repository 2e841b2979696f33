// Which clauses of the table (sagas/table.hpp) have decided: counted while somebody asks, which
// only the simulator does. One thread.
#pragma once
#include <cstdint>

#include "sagas/machine.hpp"

namespace skald {
inline std::uint64_t* clause_counts = nullptr;  // by machine::cell; null: nobody asks

inline void count_clause(const machine::outcome& o) {
  if (clause_counts) ++clause_counts[o.cell];
}
}  // namespace skald
