// says: its undo needs the event of its own step, which may never have arrived
// names: greet
#include "tests/compile_fail/base.hpp"

struct Recall {
  std::string id;
#ifdef WRONG
  std::string text;
#else
  std::optional<std::string> text;
#endif
};
constexpr step greet = {.name = "greet",
                        .send = ask,
                        .done = reply<Answered>,
                        .within = 5s,
                        .undo = send<Recall>("host", copy<&Recall::id, &Begun::id>,
                                             copy<&Recall::text, &Answered::text>)};
constexpr definition d = quiz_of({greet});
static_assert(sound<d>);
