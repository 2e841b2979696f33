// says: skald: this binding fills a field of another command
#include "tests/compile_fail/base.hpp"

constexpr command c = send<Ask>("host", set<&Ask::count>(1),
#ifdef WRONG
                                copy<&Forget::id, &Begun::id>);
#else
                                copy<&Ask::id, &Begun::id>);
#endif
