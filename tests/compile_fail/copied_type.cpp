// says: skald: a copied field must have the same type on both sides
#include "tests/compile_fail/base.hpp"

constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::id>,
#ifdef WRONG
                                copy<&Ask::count, &Begun::cents>);
#else
                                copy<&Ask::count, &Begun::count>);
#endif
