// The messages of the vending machine, as plain structs. Their wire names are these names:
// vending.ItemSelected.v1, with fields in JSON as written here. Money is in cents.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace vending {
struct ItemSelected {  // starts a saga; order_id is the business key
  std::string order_id;
  int slot;
  std::int64_t price_cents;
};

// inventory
struct ReserveItem {
  std::string order_id;
  int slot;
};
struct ItemReserved {
  std::string order_id;
  std::string reservation_id;
};
struct OutOfStock {
  std::string order_id;
  int slot;
};
struct ReleaseItem {  // the reservation is unknown when its reply was lost
  std::string order_id;
  std::optional<std::string> reservation_id;
};

// payments
struct ChargePayment {
  std::string order_id;
  std::int64_t amount_cents;
  std::string currency;
};
struct PaymentCompleted {
  std::string order_id;
  std::string payment_id;
  std::int64_t amount_cents;
};
struct PaymentDeclined {
  std::string order_id;
  std::string reason;
};
struct RefundPayment {
  std::string order_id;
  std::optional<std::string> payment_id;
  std::optional<std::int64_t> amount_cents;
};

// the customer, who pays by himself (topic payment.events)
struct CustomerPaid {
  std::string order_id;
  std::string payment_id;
  std::int64_t amount_cents;
};

// machine
struct DispenseDrink {
  std::string order_id;
  int slot;
};
struct DrinkDispensed {
  std::string order_id;
};
struct DispenseFailed {
  std::string order_id;
  std::string reason;
};
struct CancelDispense {  // answered `undone` (it never will) or `ok` (it has happened)
  std::string order_id;
};
}  // namespace vending
