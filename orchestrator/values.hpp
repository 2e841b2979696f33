// Which values a saga keeps of an event, and how commands and guards find them again.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "orchestrator/live.hpp"
#include "orchestrator/payload.hpp"
#include "orchestrator/template.hpp"

namespace skald {
// An event of a saga, as far as its values go. `step` whole_saga: the start.
struct told {
  std::string_view type, message_id;
  std::uint8_t step = machine::whole_saga;
  bool ok = false;  // the step's event of success: values differ by occurrence
  std::uint64_t occurrence = 0;
};

// Empty: what `payload` has just read holds all that the definition needs of such an event.
std::string_view missing_value(const compiled&, std::string_view type, payload_reader& payload);

// Of which events values are kept: those that changed what the saga knows.
constexpr bool keeps_values(machine::verdict v) {
  return v == machine::verdict::applied || v == machine::verdict::parked ||
         v == machine::verdict::held || v == machine::verdict::surplus ||
         v == machine::verdict::conflict;
}

// Cuts what is kept out of what `payload` has just read. False: the saga's bound is reached.
bool keep_values(live_saga&, const told&, payload_reader& payload);

// The words of an occurrence that were kept; nothing: it is the step's own command.
std::optional<std::string_view> occurrence_words(const live_saga&, std::uint64_t occurrence);

// Values as one saga sees them: of the accepted occurrences, or for step `step` of `occurrence`.
class saga_values final : public place_values {
 public:
  explicit saga_values(const live_saga& saga, std::uint8_t step = machine::whole_saga,
                       std::uint64_t occurrence = 0)
      : saga_(saga), step_(step), occurrence_(occurrence) {}
  std::optional<std::string_view> find(std::uint16_t place) const override;

 private:
  const live_saga& saga_;
  const std::uint8_t step_;
  const std::uint64_t occurrence_;
};

// The truth of the guards, which the engine asks for while it moves the saga.
class guard_facts final : public machine::facts {
 public:
  explicit guard_facts(const live_saga& saga) : saga_(saga) {}
  bool holds(std::uint8_t step) const override;
  void applied(const machine::event&, const machine::outcome&) const override;

 private:
  const live_saga& saga_;
};

std::uint64_t jitter_seed(const uuid&);  // of a saga's state, before its first event
}  // namespace skald
