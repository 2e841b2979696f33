// SKALD_ASSERT(condition, "sentence"): a broken promise of our own code ends the process, in
// production too. A saga that went on after a broken invariant could spend somebody's money.
#pragma once
#include <cstdio>
#include <cstdlib>

namespace skald {
[[noreturn]] inline void die(const char* sentence, const char* file, int line) {
  std::fprintf(stderr, "skald: broken invariant: %s (%s:%d)\n", sentence, file, line);
  std::abort();
}
}  // namespace skald

#define SKALD_ASSERT(condition, sentence) \
  ((condition) ? void() : ::skald::die(sentence, __FILE__, __LINE__))
