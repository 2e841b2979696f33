// What a definition's author includes. House style: one named `constexpr step` each, then
//
//   inline constexpr definition vending = {.name = "vending", .version = 1,
//                                          .starts = on<&ItemSelected::order_id>,
//                                          .steps = {reserve, charge, dispense}};
//   static_assert(sound<vending>);
//
// A broken rule is a compiler error that shows the step and the rule as a sentence. A definition
// that forgets its static_assert is judged by the same rules when it is stored.
#pragma once
#include "skald/check.hpp"
#include "skald/finding.hpp"
#include "skald/typed.hpp"

namespace skald {
constexpr finding first_finding(const definition& d) {
  finding first;
  check(d, [&](string_view rule, string_view step, const spot&) {
    if (first.rule.empty()) first = {step.empty() ? d.name : step, rule};
  });
  return first;
}

namespace detail {
template <const definition& D>
struct judged {
  static constexpr finding found = first_finding(D);
};
}  // namespace detail
template <const definition& D>
inline constexpr bool sound = detail::kept_rule<detail::judged<D>>();
}  // namespace skald
