// Is a guard true? The values are raw JSON, as they stand in an event's data.
//
// Integers compare as 64-bit integers, texts by their unescaped bytes, booleans as such. A missing
// value, one of another kind, and a number with a fraction make their comparison false, `ne` too.
#pragma once
#include <cstdint>
#include <string_view>

#include "sagas/assert.hpp"
#include "skald/model.hpp"

namespace skald {
// One side of a comparison: a value of the definition, or a raw JSON value of an event.
struct comparand {
  enum class type : std::uint8_t { missing, integer, boolean, plain_text, escaped_text };
  type kind = type::missing;
  std::int64_t number = 0;
  std::string_view words{};  // texts: without the quotes
};
comparand comparand_of(const value&);
comparand comparand_of_json(std::string_view raw);  // empty: missing
bool compare(token::op, const comparand&, const comparand&);

// `value_of(const place&)` gives the raw JSON of a place, empty when it has none. An empty guard
// holds. The guard must have passed check().
template <class ValueOf>
bool holds(const guard& g, ValueOf&& value_of) {
  comparand values[max_tokens];
  bool conditions[max_tokens];
  std::size_t value_count = 0, condition_count = 0;
  for (const token& t : g.tokens) {
    if (t.kind == token::type::field) {
      values[value_count++] = comparand_of_json(value_of(t.at));
    } else if (t.kind == token::type::literal) {
      values[value_count++] = comparand_of(t.fixed);
    } else if (t.what == token::op::negate) {
      SKALD_ASSERT(condition_count >= 1, "a guard negates nothing");
      conditions[condition_count - 1] = !conditions[condition_count - 1];
    } else if (t.what == token::op::both || t.what == token::op::either) {
      SKALD_ASSERT(condition_count >= 2, "a guard joins nothing");
      const bool b = conditions[--condition_count], a = conditions[condition_count - 1];
      conditions[condition_count - 1] = t.what == token::op::both ? a && b : a || b;
    } else {
      SKALD_ASSERT(value_count == 2, "a guard compares nothing");
      conditions[condition_count++] = compare(t.what, values[0], values[1]);
      value_count = 0;
    }
  }
  SKALD_ASSERT(condition_count == (g.empty() ? 0u : 1u), "a guard is no condition");
  return g.empty() || conditions[0];
}
}  // namespace skald
