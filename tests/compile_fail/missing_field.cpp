// says: this field of the command is not filled
#include "tests/compile_fail/base.hpp"

#ifdef WRONG
constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::id>);
#else
constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::id>, set<&Ask::count>(1));
#endif
