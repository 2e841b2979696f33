// says: is retriable, so nothing may decline it (failed)
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<>,
#ifdef WRONG
                        .failed = {reply<Silent>},
#endif
                        .within = 5s,
                        .retry = {.times = 9},
                        .undo = retriable};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
