// C++ structs and member pointers in, plain data (model.hpp) out. The templates of the DSL.
//
// Money is an integer of its smallest unit (price_cents). An enumeration is its enumerator's name
// on the wire, a list and a nested struct are copied whole; a part of one is reached by a path:
// copy<&Ship::zip, path<&Order::to, &Address::zip>>.
#pragma once
#include <concepts>
#include <limits>
#include <optional>
#include <string>

#include "skald/finding.hpp"
#include "skald/model.hpp"
#include "skald/reflect.hpp"

namespace skald {
namespace detail {
template <class F>
concept text = std::convertible_to<F, string_view>;
template <class F>
concept number = std::integral<F> && !std::same_as<F, bool>;
template <class F>
inline constexpr bool comparable = text<F> || std::integral<F> || std::is_enum_v<F>;

// May a field of type F be given, or compared with, a value of type V? Plain constants, not
// concepts: a compiler would explain those at length.
template <class F, class V>
inline constexpr bool alike = (text<F> && text<V>) || (number<F> && number<V>) ||
                              (std::is_same_v<F, V> &&
                               (std::same_as<F, bool> || std::is_enum_v<F>));

constexpr value literal(bool b) {
  return {value::type::boolean, b, {}};
}
constexpr value literal(number auto n) {
  if (std::cmp_greater(n, std::numeric_limits<std::int64_t>::max()))
    broken_rule("this number", "skald: an integer of a definition must fit into 64 bits, signed");
  return {value::type::integer, static_cast<std::int64_t>(n), {}};
}
constexpr value literal(const text auto& s) {
  return {value::type::text, 0, s};
}
template <class E>
requires std::is_enum_v<E>
constexpr value literal(E e) {
  const auto i = static_cast<long long>(e);
  if (i < 0 || i > max_enumerator || enumerator_names<E>[static_cast<std::size_t>(i)].empty())
    broken_rule("this value", "skald: an enumerator must have a name and lie in 0..127");
  return {value::type::text, 0, enumerator_names<E>[static_cast<std::size_t>(i)]};
}

template <auto To>
struct fills {  // a binding that remembers which field it fills
  using command = owner_of<To>;
  static constexpr string_view field = pointer<To>;
  binding b;
};
}  // namespace detail

// One field of a command, copied from an event.
namespace detail {
template <auto To, auto From>
constexpr fills<To> copied() {
  static_assert(std::is_same_v<field_of<To>, field_of<From>>,
                "skald: a copied field must have the same type on both sides");
  static_assert(may_be_absent<To> || !may_be_absent<From>,
                "skald: a field that may be absent is copied into one that may not");
  return {{pointer<To>, {wire_name<owner_of<From>>, pointer<From>}, {}, may_be_absent<To>}};
}
}  // namespace detail
template <auto To, auto From>
inline constexpr auto copy = detail::copied<To, From>();

// One field of a command with a fixed value: set<&Charge::currency>("EUR").
template <auto To, class V>
constexpr detail::fills<To> set(V v) {
  using F = field_of<To>;
  static_assert(detail::alike<F, V>, "skald: this literal does not fit the field it is set to");
  if constexpr (!detail::alike<F, V>) {
    return {};
  } else if constexpr (detail::number<F>) {
    if (!std::in_range<F>(v))
      detail::broken_rule(pointer<To>.data(),
                          "skald: this literal does not fit the field it is set to");
    return {{pointer<To>, {}, detail::literal(v), false}};
  } else {
    return {{pointer<To>, {}, detail::literal(v), false}};
  }
}

// send<ReserveItem>("inventory", copy<...>, set<...>(...)): every field once, optional ones if
// known.
namespace detail {
template <class C, class... F>
constexpr finding wrong_fields() {
  for (std::size_t i = 0; i < field_count<C>; ++i) {
    int times = 0;
    ((times += F::field.substr(1, F::field.find('/', 1) - 1) == field_names<C>[i]), ...);
    if (times == 0 && !optional_fields<C>[i])
      return {field_names<C>[i], "this field of the command is not filled"};
  }
  const list<string_view, max_fields> all{F::field...};
  for (auto& a : all)
    for (auto& b : all)
      if (&a != &b && a == b) return {a, "this field of the command is filled twice"};
  return {};
}
template <class C, class... F>
struct filling {
  static constexpr finding found = wrong_fields<C, F...>();
};
}  // namespace detail
template <class C, class... F>
constexpr command send(string_view participant, F... fields) {
  static_assert((std::is_same_v<typename F::command, C> && ...),
                "skald: this binding fills a field of another command");
  constexpr bool filled = detail::kept_rule<detail::filling<C, F...>>();
  return {filled ? wire_name<C> : "", participant, {fields.b...}};
}

// What starts a saga, and by which field its business key comes: on<&ItemSelected::order_id>.
namespace detail {
template <auto Key>
constexpr string_view key_of() {
  constexpr bool usable = text<field_of<Key>> || number<field_of<Key>>;
  static_assert(usable, "skald: a business key must be a text or an integer");
  static_assert(!may_be_absent<Key>, "skald: a business key must not be optional");
  return pointer<Key>;
}
}  // namespace detail
template <auto Key>
inline constexpr trigger on{wire_name<owner_of<Key>>, detail::key_of<Key>(), {}, {}};

// The event of an await step: await<&CustomerPaid::order_id>({.topic = ..., .unclaimed = ...}).
struct await_terms {
  string_view topic{};
  guard only{};
  skald::unclaimed unclaimed = skald::unclaimed::unsaid;
};
template <auto Key>
constexpr source await(const await_terms& t) {
  return {wire_name<owner_of<Key>>, t.topic, detail::key_of<Key>(), t.only, t.unclaimed};
}

// A participant's answer: reply<ItemReserved>; reply<> is an answer without data.
struct nothing {};
template <>
inline constexpr string_view wire_name<nothing> = no_data;
template <class E = nothing>
inline constexpr string_view reply = wire_name<E>;

// A field inside a guard, or as an occurrence: field<&ItemSelected::price_cents> > 0.
template <class F>
struct operand {
  place at;
  constexpr operator place() const { return at; }
  constexpr operator guard() const requires std::same_as<F, bool> { return *this == true; }
};
template <auto P>
inline constexpr operand<field_of<P>> field{{wire_name<owner_of<P>>, pointer<P>}};

namespace detail {
template <class V>
constexpr token as_token(const V& v) {
  return {token::type::literal, {}, literal(v), {}};
}
template <class F>
constexpr token as_token(const operand<F>& f) {
  return {token::type::field, f.at, {}, {}};
}
template <class V>
struct compared {
  using type = V;
};
template <class F>
struct compared<operand<F>> {
  using type = F;
};
template <class F, class V>
constexpr guard compare(const operand<F>& f, const V& v, token::op what) {
  using Other = typename compared<V>::type;
  static_assert(comparable<F>, "skald: a guard compares texts, integers, booleans, enumerations");
  static_assert(alike<F, Other>, "skald: a guard compares a field with a value of another kind");
  return {{as_token(f), as_token(v), token{token::type::op, {}, {}, what}}};
}
template <class F, class V>
constexpr guard order(const operand<F>& f, const V& v, token::op what) {
  constexpr bool ordered = number<F>;
  static_assert(ordered, "skald: a guard can order integers only; compare others with == and !=");
  return compare(f, v, what);
}
constexpr guard join(guard a, const guard& b, token::op what) {
  for (auto& t : b.tokens) a.tokens.push(t);
  a.tokens.push({token::type::op, {}, {}, what});
  return a;
}
}  // namespace detail

// A missing field makes its comparison false, whichever it is.
template <class F, class V>
constexpr guard operator==(operand<F> f, V v) {
  return detail::compare(f, v, token::op::eq);
}
template <class F, class V>
constexpr guard operator!=(operand<F> f, V v) {
  return detail::compare(f, v, token::op::ne);
}
template <class F, class V>
constexpr guard operator<(operand<F> f, V v) {
  return detail::order(f, v, token::op::lt);
}
template <class F, class V>
constexpr guard operator<=(operand<F> f, V v) {
  return detail::order(f, v, token::op::le);
}
template <class F, class V>
constexpr guard operator>(operand<F> f, V v) {
  return detail::order(f, v, token::op::gt);
}
template <class F, class V>
constexpr guard operator>=(operand<F> f, V v) {
  return detail::order(f, v, token::op::ge);
}
constexpr guard operator&&(guard a, const guard& b) {
  return detail::join(a, b, token::op::both);
}
constexpr guard operator||(guard a, const guard& b) {
  return detail::join(a, b, token::op::either);
}
constexpr guard operator!(guard a) {
  a.tokens.push({token::type::op, {}, {}, token::op::negate});
  return a;
}
}  // namespace skald
