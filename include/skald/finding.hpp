// A broken rule as a value, and how the compiler is made to say it: the place (a step, a field)
// and the rule stand in its error message as text.
#pragma once
#include <cstddef>
#include <string_view>

namespace skald {
struct finding {  // empty rule: nothing is wrong
  std::string_view where{}, rule{};
};

namespace detail {
template <std::size_t N>
struct words {  // a text as a template argument
  char chars[N + 1]{};
  constexpr explicit words(std::string_view s) {
    for (std::size_t i = 0; i < N; ++i) chars[i] = s[i];
  }
};

template <bool>
struct truth {};

// g++ shows the two texts as this struct's arguments, clang as the arguments of the call.
template <words Where, words Rule>
struct broken {
  static_assert(sizeof(Where) == 0, "skald: this step or field (1st) breaks this rule (2nd)");
  static constexpr bool shown = true;
};
constexpr bool broken_rule(const char* where, const char* rule) {
  if (where != rule) throw rule;
  return true;
}

// True; if Judged::found is a broken rule, one compiler error that shows it. (The types are only
// named, never used, so that one broken rule is one error and not a chain of them.)
template <class Judged>
constexpr bool kept_rule() {
  constexpr finding f = Judged::found;
  if constexpr (!f.rule.empty()) {
#ifdef __clang__
    using shown = truth<broken_rule(f.where.data(), f.rule.data())>;
#else
    using shown =
        truth<broken<words<f.where.size()>(f.where), words<f.rule.size()>(f.rule)>::shown>;
#endif
    return sizeof(shown) != 0;
  }
  return true;
}
}  // namespace detail
}  // namespace skald
