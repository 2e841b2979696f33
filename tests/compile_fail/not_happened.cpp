// says: reads an event that has not happened yet
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {
    .name = "greet",
    .send = send<Ask>("host", copy<&Ask::id, &Answered::text>, copy<&Ask::count, &Begun::count>),
    .done = reply<>,
    .within = 5s,
    .undo = harmless};
#ifdef WRONG
constexpr definition d = quiz_of({greet, first});
#else
constexpr definition d = quiz_of({first, greet});
#endif
static_assert(sound<d>);
