// says: has no undo; say send<...>(...), harmless, irreversible or retriable
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<Answered>,
                        .within = 5s,
#ifndef WRONG
                        .undo = harmless
#endif
};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
