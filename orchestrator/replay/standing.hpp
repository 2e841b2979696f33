// Where a saga stands, as its history left it: what waits for the operator, and what the engine
// would say to a word of his. Nothing is written: the owner of the shard decides.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/replay/history.hpp"

namespace skald {
// Something that waits for the operator, and that one word of his ends. `step` whole_saga: the
// contradicting words about the steps in `conflicts` (bit i: step i), seen to all at once.
// `occurrence`: of a surplus, else 0; `words` are what an action names it by.
struct open_item {
  std::uint8_t step = machine::whole_saga;
  std::uint16_t conflicts = 0;
  std::uint64_t occurrence = 0;
  std::string words;
};

class standing {
 public:
  // `definition` (the one that the saga pins) must outlive it. `until_seq` 0: the whole history.
  standing(const compiled& definition, const history&, std::int32_t until_seq = 0);

  const live_saga& saga() const { return fold_.saga(); }
  std::vector<open_item> items() const;
  machine::outcome foresee(const machine::event&) const;
  std::string_view last_why() const { return last_.decided.why; }  // of the last event folded

 private:
  folder fold_;
  folded last_;
};
}  // namespace skald
