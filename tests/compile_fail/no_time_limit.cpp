// says: has no time limit; say how long it may take (within)
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<Answered>,
#ifndef WRONG
                        .within = 5s,
#endif
                        .undo = harmless};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
