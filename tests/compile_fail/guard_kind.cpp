// says: skald: a guard compares a field with a value of another kind
#include "tests/compile_fail/base.hpp"

#ifdef WRONG
constexpr guard g = field < &Begun::cents >> "free";
#else
constexpr guard g = field < &Begun::cents >> 0;
#endif
