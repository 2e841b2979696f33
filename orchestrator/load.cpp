#include "orchestrator/load.hpp"

#include <algorithm>

#include "orchestrator/saga_no.hpp"
#include "orchestrator/values.hpp"
#include "sagas/encoding.hpp"

namespace skald {
namespace {
// The last word of an earlier stage, or the start. A pause may have begun in between.
std::int64_t stage_begun_ms(const saga_row& row, const machine::saga& state, const definition& d) {
  std::int64_t begun_ms = 0;
  for (const auto& word : row.words)
    if (word.kind == static_cast<std::uint8_t>(machine::event_kind::start) ||
        (word.step < d.steps.size() && d.steps[word.step].stage < state.stage))
      begun_ms = std::max(begun_ms, word.at_ms);
  return begun_ms;
}
}  // namespace

const std::vector<loader::unreadable>& loader::load(const std::vector<input>& inputs) {
  wanted_.clear();
  unreadable_.clear();
  starting_.clear();
  for (const auto& in : inputs) {
    const auto* known = cache_.find(in.saga);
    if (in.from == input::source::start) {
      starting_.push_back(in.saga);
      if (known && known->state.phase == machine::phase::none && known->definition != in.definition)
        cache_.erase(in.saga), known = nullptr;
    }
    if (!known) wanted_.push_back(in.saga);
  }
  if (wanted_.empty()) return unreadable_;
  std::sort(wanted_.begin(), wanted_.end());
  wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
  std::sort(starting_.begin(), starting_.end());
  rows_.clear();
  store_.load(wanted_, rows_);
  for (const auto& row : rows_) restore(row);
  metrics_.sagas_loaded.add(rows_.size());
  return unreadable_;
}

void loader::restore(const saga_row& row) {
  const auto* definition = catalog_.by_no(row.definition);
  if (!definition) {
    catalog_.refresh(store_);
    definition = catalog_.by_no(row.definition);
  }
  if (!definition || machine::is_newer_encoding(row.state))
    return unreadable_.push_back(
        {row.id, saga_no::shard(row.no), true,
         "saga " + to_string(row.id) + " was written by a newer skald: upgrade this service"});
  auto& saga = cache_.add(row.id);
  const auto problem = machine::decode(row.state, saga.state);
  if (!problem.empty() || saga.state.steps.size() != definition->spec().steps.size()) {
    cache_.erase(row.id);
    return unreadable_.push_back(
        {row.id, saga_no::shard(row.no), false,
         "the row of saga " + to_string(row.id) + " is damaged: " +
             (problem.empty() ? "it has another number of steps" : std::string(problem))});
  }
  if (const auto* active = pinned_at_start(row, *definition);
      active && saga.state.phase == machine::phase::none) {
    definition = active;
    saga.state.steps.count = definition->spec().steps.size();  // none of them has begun
  }
  saga.no = row.no;
  saga.shard = saga_no::shard(row.no);
  saga.definition = definition;
  saga.key = row.key;
  saga.seq = row.seq;
  saga.fresh = false;
  saga.trace = trace::unpack(row.trace);
  saga.stage_ms = stage_begun_ms(row, saga.state, definition->spec());
  for (const auto& word : row.words) {
    const auto verdict = static_cast<machine::verdict>(word.outcome);
    if (!keeps_values(verdict) || !payload_.read(word.payload).empty()) continue;
    keep_values(saga,
                {word.type, word.message_id, word.step,
                 word.kind == static_cast<std::uint8_t>(machine::event_kind::ok), word.occurrence},
                payload_);
  }
  cache_.weigh(saga);
}

// Null: it stays with its own.
const compiled* loader::pinned_at_start(const saga_row& row, const compiled& own) const {
  if (!std::binary_search(starting_.begin(), starting_.end(), row.id)) return nullptr;
  const auto* active = catalog_.active(own.spec().name);
  if (!active || active == &own) return nullptr;
  const auto &before = own.spec().steps, &after = active->spec().steps;
  for (const auto& word : row.words)
    for (std::size_t i = 0; i <= word.step; ++i)
      if (i >= after.size() || before[i].name != after[i].name) return nullptr;
  return active;
}
}  // namespace skald
