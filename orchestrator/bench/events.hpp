// The messages of the saga that is measured, and who its participants are.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skald::bench {
struct Ordered {
  std::string order_id;
  int slot;
  std::int64_t price_cents;
  std::string customer_id, machine_id, currency, placed_at, note;
};
struct Reserve {
  std::string order_id;
  int slot;
};
struct Reserved {
  std::string order_id, reservation_id;
};
struct OutOfStock {
  std::string order_id;
};
struct Release {
  std::string order_id;
  std::optional<std::string> reservation_id;
};
struct Charge {
  std::string order_id, customer_id, currency;
  std::int64_t amount_cents;
};
struct Charged {
  std::string order_id, payment_id;
};
struct ChargeRefused {
  std::string order_id;
};
struct Refund {
  std::string order_id;
  std::optional<std::string> payment_id;
};
struct Dispense {
  std::string order_id, machine_id;
  int slot;
};
struct Dispensed {
  std::string order_id;
};
struct Jammed {
  std::string order_id;
};
struct CancelDispense {
  std::string order_id;
};

inline constexpr std::array<std::string_view, 3> participants{"bench_inventory", "bench_payments",
                                                              "bench_machine"};
}  // namespace skald::bench
