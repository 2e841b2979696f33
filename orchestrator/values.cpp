#include "orchestrator/values.hpp"

#include "orchestrator/clause_counts.hpp"
#include "sagas/guard.hpp"

namespace skald {
namespace {
constexpr std::uint16_t words_place = 0xffff;
}

std::string_view missing_value(const compiled& d, std::string_view type, payload_reader& payload) {
  const auto* shape = d.shape(type);
  if (!shape) return {};
  for (const auto& cut : shape->cuts) {
    const auto raw = payload.cut(cut.field);
    if (!raw && cut.required) return "the data lacks a value that a command needs";
    if (raw && raw->size() > max_slice_bytes)
      return "a value that a command needs is larger than 16 KiB";
  }
  return {};
}

bool keep_values(live_saga& saga, const told& t, payload_reader& payload) {
  const auto occurrence = t.ok ? t.occurrence : 0;
  if (const auto* shape = saga.definition->shape(t.type))
    for (const auto& cut : shape->cuts)
      if (const auto raw = payload.cut(cut.field)) {
        if (!saga.values.has_room(raw->size())) return false;
        saga.values.put(cut.place, occurrence, *raw);
      }
  if (!t.ok) return true;
  const auto& step = saga.definition->spec().steps[t.step];
  const auto words = !step.occurrence.field.empty() ? payload.word(step.occurrence.field)
                     : step.awaits()                ? std::optional(t.message_id)
                                                    : std::nullopt;
  if (!words) return true;
  if (!saga.values.has_room(words->size())) return false;
  saga.values.put(words_place, occurrence, *words);
  return true;
}

std::optional<std::string_view> occurrence_words(const live_saga& saga, std::uint64_t occurrence) {
  return saga.values.find(words_place, occurrence);
}

std::optional<std::string_view> saga_values::find(std::uint16_t place) const {
  const auto& owners = saga_.definition->owners(place);
  if (owners.empty()) return saga_.values.find(place, 0);
  for (const auto owner : owners) {
    const auto occurrence =
        owner == step_ && occurrence_ ? occurrence_ : saga_.state.steps[owner].accepted;
    if (occurrence == 0) continue;
    if (const auto raw = saga_.values.find(place, occurrence)) return raw;
  }
  return {};
}

bool guard_facts::holds(std::uint8_t step) const {
  const saga_values values(saga_);
  return skald::holds(saga_.definition->spec().steps[step].when, [&](const place& p) {
    return values.find(saga_.definition->place_no(p)).value_or("");
  });
}

void guard_facts::applied(const machine::event&, const machine::outcome& o) const {
  count_clause(o);
}

std::uint64_t jitter_seed(const uuid& id) {
  return hash64(to_string(id));
}
}  // namespace skald
