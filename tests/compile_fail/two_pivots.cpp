// says: is irreversible, but a saga has at most one irreversible step
// names: again
#include "tests/compile_fail/base.hpp"

constexpr step again = {.name = "again",
                        .send = ask,
                        .done = reply<>,
                        .within = 5s,
                        .retry = {.times = 9},
#ifdef WRONG
                        .undo = irreversible
#else
                        .undo = retriable
#endif
};
constexpr definition d = quiz_of({first, final, again});
static_assert(sound<d>);
