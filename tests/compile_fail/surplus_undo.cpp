// says: undoes its surplus, so it needs a command that undoes it
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<>,
                        .within = 5s,
#ifdef WRONG
                        .undo = harmless,
#else
                        .undo = forget,
#endif
                        .surplus = surplus::undo};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
