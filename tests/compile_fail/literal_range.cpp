// says: skald: this literal does not fit the field it is set to
#include "tests/compile_fail/base.hpp"

constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::id>,
#ifdef WRONG
                                set<&Ask::count>(5'000'000'000));
#else
                                set<&Ask::count>(2'000'000'000));
#endif
