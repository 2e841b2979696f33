// says: its occurrence must be a field of the event in done
// names: greet
#include "tests/compile_fail/base.hpp"

constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<Answered>,
#ifdef WRONG
                        .occurrence = field<&Begun::name>,
#else
                        .occurrence = field<&Answered::text>,
#endif
                        .within = 5s,
                        .undo = forget};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
