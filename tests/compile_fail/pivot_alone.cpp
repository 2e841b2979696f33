// says: shares its stage with an irreversible step, which must stand alone
// names: final
#include "tests/compile_fail/base.hpp"

#ifdef WRONG
constexpr definition d = quiz_of({together(first, final)});
#else
constexpr definition d = quiz_of({first, final});
#endif
static_assert(sound<d>);
