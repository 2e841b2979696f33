// says: reads an event of a step that may be skipped
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step perhaps = {.name = "perhaps",
                          .send = ask,
                          .done = reply<Answered>,
#ifdef WRONG
                          .when = field < &Begun::count >> 3,
#endif
                          .within = 5s,
                          .undo = harmless};
constexpr step greet = {
    .name = "greet",
    .send = send<Ask>("host", copy<&Ask::id, &Answered::text>, copy<&Ask::count, &Begun::count>),
    .done = reply<>,
    .within = 5s,
    .undo = harmless};
constexpr definition d = quiz_of({perhaps, greet});
static_assert(sound<d>);
