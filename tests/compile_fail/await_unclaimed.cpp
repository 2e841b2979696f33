// says: awaits an event, but does not say what becomes of one that no saga claims
// names: pay
#include "tests/compile_fail/base.hpp"

constexpr step pay = {.name = "pay",
                      .await = await<&Paid::id>({.topic = "payment.events",
#ifndef WRONG
                                                 .unclaimed = unclaimed::ignore
#endif
                      }),
                      .within = 5s,
                      .undo = harmless};
constexpr definition d = quiz_of({pay});
static_assert(sound<d>);
