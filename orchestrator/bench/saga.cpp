#include "orchestrator/bench/saga.hpp"

#include "orchestrator/bench/events.hpp"
#include "skald/saga.hpp"

namespace skald::bench {
namespace {
// Lost messages are found by `within`; no step gives up during a run, however slow the machine.
constexpr backoff patient{.times = 100, .first = 100ms, .cap = 5s};

constexpr step reserve = {
    .name = "reserve",
    .send = send<Reserve>("bench_inventory", copy<&Reserve::order_id, &Ordered::order_id>,
                          copy<&Reserve::slot, &Ordered::slot>),
    .done = reply<Reserved>,
    .failed = {reply<OutOfStock>},
    .within = 5s,
    .retry = patient,
    .undo = send<Release>("bench_inventory", copy<&Release::order_id, &Ordered::order_id>,
                          copy<&Release::reservation_id, &Reserved::reservation_id>),
    .undo_retry = patient};

constexpr step charge = {
    .name = "charge",
    .send = send<Charge>("bench_payments", copy<&Charge::order_id, &Ordered::order_id>,
                         copy<&Charge::customer_id, &Ordered::customer_id>,
                         copy<&Charge::currency, &Ordered::currency>,
                         copy<&Charge::amount_cents, &Ordered::price_cents>),
    .done = reply<Charged>,
    .failed = {reply<ChargeRefused>},
    .within = 5s,
    .retry = patient,
    .undo = send<Refund>("bench_payments", copy<&Refund::order_id, &Ordered::order_id>,
                         copy<&Refund::payment_id, &Charged::payment_id>),
    .undo_retry = patient};

constexpr step dispense = {
    .name = "dispense",
    .send = send<Dispense>("bench_machine", copy<&Dispense::order_id, &Ordered::order_id>,
                           copy<&Dispense::machine_id, &Ordered::machine_id>,
                           copy<&Dispense::slot, &Ordered::slot>),
    .done = reply<Dispensed>,
    .failed = {reply<Jammed>},
    .within = 5s,
    .retry = patient,
    .fence =
        send<CancelDispense>("bench_machine", copy<&CancelDispense::order_id, &Ordered::order_id>),
    .undo = irreversible};

constexpr definition measured = {.name = "bench",
                                 .version = 1,
                                 .starts = on<&Ordered::order_id>,
                                 .steps = {reserve, charge, dispense}};
static_assert(sound<measured>);

constexpr definition waiting = [] {
  auto d = measured;
  d.name = "bench_waiting";
  for (auto& s : d.steps.items)
    if (!s.name.empty()) s.within = 1h;
  return d;
}();
static_assert(sound<waiting>);
}  // namespace

const definition& measured_saga() {
  return measured;
}
const definition& waiting_saga() {
  return waiting;
}
}  // namespace skald::bench
