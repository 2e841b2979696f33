// says: skald: a guard can order integers only; compare others with == and !=
#include "tests/compile_fail/base.hpp"

#ifdef WRONG
constexpr guard g = field < &Begun::name >> "m";
#else
constexpr guard g = field<&Begun::name> != "m";
#endif
