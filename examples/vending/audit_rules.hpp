// The audit's arithmetic, pure: is the money of an order exact?
#pragma once
#include <cstdint>
#include <string>

namespace vending {
// What the participants' books say of one order, in cents and pieces.
struct order_books {
  std::int64_t taken_cents = 0, refunded_cents = 0, worth_cents = 0;  // worth: of what has fallen
  std::int64_t open_cents = 0;                                        // with an operator
  int drinks = 0, held = 0;
  bool wrong_refund = false;  // a refund that is not the payment's amount
  bool open = false;
};

// A sentence for what is wrong; empty when the books are exact. For orders whose saga is finished.
inline std::string find_mistake(const order_books& b) {
  const auto missing = b.taken_cents - b.refunded_cents - b.worth_cents - b.open_cents;
  if (b.drinks > 1) return std::to_string(b.drinks) + " drinks fell";
  if (b.wrong_refund) return "a refund is not what was paid";
  if (missing > 0) return std::to_string(missing) + " cents were kept without a drink";
  if (missing < 0) return std::to_string(-missing) + " cents were given away";
  if (b.open) return {};  // an operator decides what is still held
  if (b.drinks == 0 && b.held > 0) return "a drink is still held for an order that got none";
  if (b.drinks == 1 && b.held != 1) return "a drink fell that was not held";
  return {};
}
}  // namespace vending
