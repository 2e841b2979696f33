// says: skald: a field that may be absent is copied into one that may not
#include "tests/compile_fail/base.hpp"

#ifdef WRONG
constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::note>, set<&Ask::count>(1));
#else
constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::name>, set<&Ask::count>(1));
#endif
