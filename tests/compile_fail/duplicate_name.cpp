// says: has the name of another step
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {
    .name = "greet", .send = ask, .done = reply<>, .within = 5s, .undo = harmless};
#ifdef WRONG
constexpr definition d = quiz_of({greet, first, greet});
#else
constexpr definition d = quiz_of({greet, first});
#endif
static_assert(sound<d>);
