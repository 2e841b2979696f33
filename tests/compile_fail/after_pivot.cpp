// says: comes after the irreversible step, so it must be retriable
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<>,
                        .within = 5s,
                        .retry = {.times = 9},
#ifdef WRONG
                        .undo = forget
#else
                        .undo = retriable
#endif
};
constexpr definition d = quiz_of({first, final, greet});
static_assert(sound<d>);
