// says: has a fence, which only an irreversible step needs
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<>,
                        .within = 5s,
                        .fence = forget,
#ifdef WRONG
                        .undo = harmless
#else
                        .undo = irreversible
#endif
};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
