#include "orchestrator/replay/fold.hpp"

#include "orchestrator/commands.hpp"
#include "orchestrator/values.hpp"

namespace skald {
using machine::event_kind;

folder::folder(const compiled& definition, const uuid& id, std::string_view key) {
  saga_.definition = &definition;
  begin(id, key);
}

void folder::begin(const uuid& id, std::string_view key) {
  saga_.id = id;
  saga_.key = key;
  saga_.seq = 0;
  saga_.state = {};
  saga_.state.jitter_seed = jitter_seed(id);
  saga_.values.rewind({0, 0});
}

folded folder::feed(const recorded& row) {
  actions_.clear();
  saga_.seq = row.seq;
  if (row.outcome == stale_outcome) {
    machine::note_stale(saga_.state);
    return {};
  }
  const auto& e = row.event;
  const bool is_ok = e.kind == event_kind::ok;
  const bool tells = is_ok || e.kind == event_kind::start || e.kind == event_kind::declined;
  const auto before = saga_.values.here();
  if (tells && payload_.read(row.payload).empty())
    keep_values(saga_, {row.type, row.message_id, e.step, is_ok, e.occurrence}, payload_);
  folded out;
  out.decided =
      machine::step(saga_.definition->spec(), saga_.state, e, guard_facts(saga_), actions_);
  if (!keeps_values(out.decided.verdict)) saga_.values.rewind(before);
  out.same_outcome = static_cast<std::uint8_t>(out.decided.verdict) == row.outcome;
  out.same_commands = hash_of(actions_) == row.commands_hash;
  return out;
}
}  // namespace skald
