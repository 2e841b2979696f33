// The vending machine's two sagas: the machine charges, or the customer pays by himself.
#pragma once
#include "examples/vending/events.hpp"
#include "skald/saga.hpp"

namespace vending {
using namespace skald;

inline constexpr step reserve = {
    .name = "reserve",
    .send = send<ReserveItem>("inventory", copy<&ReserveItem::order_id, &ItemSelected::order_id>,
                              copy<&ReserveItem::slot, &ItemSelected::slot>),
    .done = reply<ItemReserved>,
    .failed = {reply<OutOfStock>},
    .within = 5s,
    .retry = {.times = 3},
    .undo = send<ReleaseItem>("inventory", copy<&ReleaseItem::order_id, &ItemSelected::order_id>,
                              copy<&ReleaseItem::reservation_id, &ItemReserved::reservation_id>)};

inline constexpr step charge = {
    .name = "charge",
    .send = send<ChargePayment>("payments", copy<&ChargePayment::order_id, &ItemSelected::order_id>,
                                copy<&ChargePayment::amount_cents, &ItemSelected::price_cents>,
                                set<&ChargePayment::currency>("EUR")),
    .done = reply<PaymentCompleted>,
    .failed = {reply<PaymentDeclined>},
    .occurrence = field<&PaymentCompleted::payment_id>,
    .when = field<&ItemSelected::price_cents> > 0,
    .within = 30s,
    .retry = {.times = 2, .first = 500ms},
    .undo = send<RefundPayment>("payments", copy<&RefundPayment::order_id, &ItemSelected::order_id>,
                                copy<&RefundPayment::payment_id, &PaymentCompleted::payment_id>)};

inline constexpr step dispense = {
    .name = "dispense",
    .send = send<DispenseDrink>("machine", copy<&DispenseDrink::order_id, &ItemSelected::order_id>,
                                copy<&DispenseDrink::slot, &ItemSelected::slot>),
    .done = reply<DrinkDispensed>,
    .failed = {reply<DispenseFailed>},
    .within = 10s,
    .retry = {.times = 2},
    .fence =
        send<CancelDispense>("machine", copy<&CancelDispense::order_id, &ItemSelected::order_id>),
    .undo = irreversible};

inline constexpr definition vending_saga = {.name = "vending",
                                            .version = 1,
                                            .starts = on<&ItemSelected::order_id>,
                                            .steps = {reserve, charge, dispense}};
static_assert(sound<vending_saga>);

// The customer pays at a till of his own: his payment may come early, late, twice or never.
inline constexpr step pay = {
    .name = "pay",
    .await = await<&CustomerPaid::order_id>({.topic = "payment.events",
                                             .only = field<&CustomerPaid::amount_cents> > 0,
                                             .unclaimed = unclaimed::undo}),
    .occurrence = field<&CustomerPaid::payment_id>,
    .within = 2min,
    .undo = send<RefundPayment>("payments", copy<&RefundPayment::order_id, &CustomerPaid::order_id>,
                                copy<&RefundPayment::payment_id, &CustomerPaid::payment_id>,
                                copy<&RefundPayment::amount_cents, &CustomerPaid::amount_cents>)};

inline constexpr definition self_pay_saga = {.name = "vending_self_pay",
                                             .version = 1,
                                             .starts = on<&ItemSelected::order_id>,
                                             .steps = {reserve, pay, dispense},
                                             .deadline = 10min};
static_assert(sound<self_pay_saga>);
}  // namespace vending
