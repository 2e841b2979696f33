// A shop's order: stock and credit at the same time, then the money, then the parcel.
// Uses lists (copied whole), nested fields, an enumeration, and events from a foreign topic.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "skald/saga.hpp"

namespace shop {
using namespace skald;

enum class speed { standard, express };
struct Line {
  std::string article;
  int amount;
};
struct Address {
  std::string street, zip;
};
struct OrderPlaced {
  std::string order_id, customer;
  std::vector<Line> lines;
  Address to;
  speed shipping;
  long total_cents;
};
struct ReserveStock {
  std::string order_id;
  std::vector<Line> lines;
};
struct StockReserved {
  std::string order_id;
};
struct StockMissing {
  std::string order_id, article;
};
struct ReleaseStock {
  std::string order_id;
};
struct CheckCredit {
  std::string order_id, customer;
  long amount_cents;
};
struct CreditGood {
  std::string order_id;
};
struct CreditBad {
  std::string order_id;
};
struct ChargeOrder {
  std::string order_id;
  long amount_cents;
};
struct OrderCharged {
  std::string order_id, payment_id;
};
struct ChargeRefused {
  std::string order_id;
};
struct RefundOrder {
  std::string order_id;
  std::optional<std::string> payment_id;
};
struct ShipParcel {
  std::string order_id, zip;
  Address to;
  std::vector<Line> lines;
  speed shipping;
};
struct ParcelShipped {
  std::string order_id, parcel;
};
struct StopParcel {
  std::string order_id;
};

inline constexpr step reserve_stock = {
    .name = "reserve_stock",
    .send = send<ReserveStock>("warehouse", copy<&ReserveStock::order_id, &OrderPlaced::order_id>,
                               copy<&ReserveStock::lines, &OrderPlaced::lines>),
    .done = reply<StockReserved>,
    .failed = {reply<StockMissing>},
    .within = 10s,
    .retry = {.times = 3},
    .undo = send<ReleaseStock>("warehouse", copy<&ReleaseStock::order_id, &OrderPlaced::order_id>)};

inline constexpr step check_credit = {
    .name = "check_credit",
    .send = send<CheckCredit>("credit", copy<&CheckCredit::order_id, &OrderPlaced::order_id>,
                              copy<&CheckCredit::customer, &OrderPlaced::customer>,
                              copy<&CheckCredit::amount_cents, &OrderPlaced::total_cents>),
    .done = reply<CreditGood>,
    .failed = {reply<CreditBad>},
    .within = 10s,
    .retry = {.times = 3},
    .undo = harmless};

inline constexpr step charge = {
    .name = "charge",
    .send = send<ChargeOrder>("payments", copy<&ChargeOrder::order_id, &OrderPlaced::order_id>,
                              copy<&ChargeOrder::amount_cents, &OrderPlaced::total_cents>),
    .done = reply<OrderCharged>,
    .failed = {reply<ChargeRefused>},
    .occurrence = field<&OrderCharged::payment_id>,
    .within = 30s,
    .retry = {.times = 2},
    .undo = send<RefundOrder>("payments", copy<&RefundOrder::order_id, &OrderPlaced::order_id>,
                              copy<&RefundOrder::payment_id, &OrderCharged::payment_id>)};

inline constexpr step ship = {
    .name = "ship",
    .send = send<ShipParcel>("warehouse", copy<&ShipParcel::order_id, &OrderPlaced::order_id>,
                             copy<&ShipParcel::zip, path<&OrderPlaced::to, &Address::zip>>,
                             copy<&ShipParcel::to, &OrderPlaced::to>,
                             copy<&ShipParcel::lines, &OrderPlaced::lines>,
                             copy<&ShipParcel::shipping, &OrderPlaced::shipping>),
    .done = reply<ParcelShipped>,
    .within = 5min,
    .retry = {.times = 3},
    .fence = send<StopParcel>("warehouse", copy<&StopParcel::order_id, &OrderPlaced::order_id>),
    .undo = irreversible};

inline constexpr definition saga = {
    .name = "shop_order",
    .version = 1,
    .starts = on<&OrderPlaced::order_id>.from("shop.events", field<&OrderPlaced::total_cents> > 0),
    .steps = {together(reserve_stock, check_credit), charge, ship},
    .deadline = 1h};
static_assert(sound<saga>);
}  // namespace shop
