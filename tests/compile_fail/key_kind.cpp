// says: skald: a business key must be a text or an integer
#include "tests/compile_fail/base.hpp"

struct Measured {
  double value;
  int number;
};
#ifdef WRONG
constexpr trigger t = on<&Measured::value>;
#else
constexpr trigger t = on<&Measured::number>;
#endif
