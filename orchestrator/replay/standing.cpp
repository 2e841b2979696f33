#include "orchestrator/replay/standing.hpp"

#include "orchestrator/values.hpp"

namespace skald {
namespace {
// What an operator names a surplus by: the words of its event, or the id of the step's command.
std::string words_of(const live_saga& saga, std::uint8_t step, std::uint64_t occurrence) {
  if (const auto kept = occurrence_words(saga, occurrence)) return std::string(*kept);
  std::string id;
  wire::append(id, {saga.id, saga.definition->spec().steps[step].name, wire::kind::do_, 0});
  return id;
}
}  // namespace

standing::standing(const compiled& definition, const history& past, std::int32_t until_seq)
    : fold_(definition, past.id, past.key) {
  for (const auto& row : past.rows) {
    if (until_seq > 0 && row.what.seq > until_seq) break;
    last_ = fold_.feed(row.what);
  }
}

std::vector<open_item> standing::items() const {
  const auto& s = saga().state;
  std::vector<open_item> all;
  if (s.conflicts != 0) all.push_back({.conflicts = s.conflicts});
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (s.steps[i].status == machine::status::to_operator) all.push_back({.step = i});
  for (const auto& x : s.surpluses)
    if (x.now == machine::surplus_state::state::to_operator)
      all.push_back({.step = x.step,
                     .occurrence = x.occurrence,
                     .words = words_of(saga(), x.step, x.occurrence)});
  return all;
}

machine::outcome standing::foresee(const machine::event& e) const {
  auto copy = saga();
  std::vector<machine::action> actions;
  return machine::step(copy.definition->spec(), copy.state, e, guard_facts(copy), actions);
}
}  // namespace skald
