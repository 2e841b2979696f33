// says: awaits an event, so its undo may read that event alone (the key is in it)
// names: pay
#include "tests/compile_fail/base.hpp"

struct Refund {
  std::string id, payment;
};
constexpr step pay = {
    .name = "pay",
    .await = await<&Paid::id>({.topic = "payment.events", .unclaimed = unclaimed::undo}),
    .within = 5s,
#ifdef WRONG
    .undo = send<Refund>("bank", copy<&Refund::id, &Begun::id>,
#else
    .undo = send<Refund>("bank", copy<&Refund::id, &Paid::id>,
#endif
                         copy<&Refund::payment, &Paid::payment>)};
constexpr definition d = quiz_of({pay});
static_assert(sound<d>);
