// says: this field of the command is filled twice
#include "tests/compile_fail/base.hpp"

constexpr command c = send<Ask>("host", copy<&Ask::id, &Begun::id>, set<&Ask::count>(1)
#ifdef WRONG
                                                                        ,
                                set<&Ask::count>(2)
#endif
);
