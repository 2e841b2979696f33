// The vending machine's decisions, pure: what is sold, at what price, and what goes wrong. The
// customers choose what happens by the slot they select; the participants roll no dice.
#pragma once
#include <cstdint>
#include <string_view>

namespace vending {
inline constexpr int slots = 40;
inline constexpr int vintage_slot = 38;  // costs more than any card pays
inline constexpr int jammed_slot = 39;   // takes the order, but the drink never falls
inline constexpr int empty_slot = 40;    // is sold out
inline constexpr std::int64_t card_limit_cents = 5'000;

constexpr bool is_slot(int slot) {
  return slot >= 1 && slot <= slots;
}

constexpr std::int64_t price_cents(int slot) {
  return slot == vintage_slot ? 9'900 : 100 + 10 * (slot % 8);
}

// inventory
constexpr bool can_reserve(std::int64_t in_stock) {
  return in_stock > 0;
}

// payments: why a card is declined; empty when it is not.
constexpr std::string_view why_declined(std::int64_t amount_cents, std::string_view currency) {
  if (currency != "EUR") return "only EUR is taken";
  if (amount_cents <= 0) return "nothing to pay";
  if (amount_cents > card_limit_cents) return "above the card's limit";
  return {};
}

// machine
constexpr bool jams(int slot) {
  return slot == jammed_slot || !is_slot(slot);
}
}  // namespace vending
