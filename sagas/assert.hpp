// SKALD_ASSERT(condition, "sentence"): a broken promise of our own code, in production too. A saga
// that went on after it could spend somebody's money, so what was being decided is thrown away; the
// worker sets that saga aside and goes on with the others.
#pragma once
#include <cstdio>
#include <stdexcept>

namespace skald {
struct invariant_error : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void die(const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "skald: broken invariant: %s (%s:%d)\n", sentence, file, line);
  throw invariant_error(sentence);
}
}  // namespace skald

#define SKALD_ASSERT(condition, sentence) \
  ((condition) ? void() : ::skald::die(sentence, __FILE__, __LINE__))
