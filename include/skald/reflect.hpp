// What the compiler knows of a plain struct: its wire name, its fields, an enumeration's names.
// No macro, no registration. Aggregates without bases, at most `max_reflected` fields.
//
//   wire_name<vending::ReserveItem>            "vending.ReserveItem.v1"
//   pointer<&vending::ReserveItem::slot>       "/slot"
//   pointer<path<&Order::to, &Address::zip>>   "/to/zip"
//
// Two doors for names that C++ cannot spell, both specialised beside the struct:
//   template <> inline constexpr std::string_view skald::wire_name<shop::Order> = "shop.Order.v2";
//   template <> inline constexpr std::array skald::renamed<shop::Order> = {
//       skald::renaming{"class_", "class"}};
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace skald {
using std::string_view;

inline constexpr std::size_t max_reflected = 16;  // fields of one struct
inline constexpr int max_enumerator = 127;        // an enumeration's values lie in 0..127

struct renaming {
  string_view from, to;  // the C++ name, the name on the wire
};
template <class T>
inline constexpr std::array<renaming, 0> renamed{};

// The way to a field of a field: path<&Order::to, &Address::zip>.
template <auto... P>
struct path_of {};
template <auto... P>
inline constexpr path_of<P...> path{};

namespace detail {
template <class T>
struct bare {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct bare<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};

template <class T>
constexpr string_view type_text() {
  return __PRETTY_FUNCTION__;
}
template <auto V>
constexpr string_view value_text() {
  return __PRETTY_FUNCTION__;
}
template <auto... V>
constexpr string_view values_text() {
  return __PRETTY_FUNCTION__;
}

// "... [with T = a::b::Name; ...]" or "... [T = a::b::Name]" -> "a::b::Name"
constexpr string_view argument(string_view text) {
  const auto start = text.find(" = ") + 3;
  return text.substr(start, text.find_first_of(";]", start) - start);
}
// The C++ name at the end: "&a::B::slot" -> "slot", "address<int>{(& x.B::slot)}" -> "slot".
constexpr string_view last_word(string_view text) {
  while (!text.empty() && (text.back() == ')' || text.back() == '}')) text.remove_suffix(1);
  return text.substr(text.find_last_of(":.&>) ") + 1);
}
constexpr bool is_plain_name(string_view text) {
  for (char c : text)
    if (!(c == ':' || c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
          (c >= 'a' && c <= 'z')))
      return false;
  return !text.empty();
}

template <class Owner>
constexpr string_view on_the_wire(string_view field) {
  for (const renaming& r : renamed<Owner>)
    if (r.from == field) return r.to;
  return field;
}

// Text built at compile time and kept for ever; ends with a NUL.
template <class Write>
constexpr std::size_t written_size(Write write) {
  std::size_t n = 0;
  write([&](char) { ++n; });
  return n;
}
template <class Source>
struct kept {
  static constexpr std::size_t size = written_size([](auto put) { Source::write(put); });
  static constexpr std::array<char, size + 1> chars = [] {
    std::array<char, size + 1> out{};
    std::size_t n = 0;
    Source::write([&](char c) { out[n++] = c; });
    return out;
  }();
  static constexpr string_view text{chars.data(), size};
};

template <class T>
struct dotted_name {  // a::b::Name -> a.b.Name.v1
  static constexpr string_view name = argument(type_text<T>());
  static_assert(is_plain_name(name),
                "skald: this type has no plain name; specialise skald::wire_name for it");
  template <class Put>
  static constexpr void write(Put put) {
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] == ':') ++i;
      put(name[i] == ':' ? '.' : name[i]);
    }
    for (char c : string_view(".v1")) put(c);
  }
};

template <class Put>
constexpr void write_token(Put& put, string_view name) {  // one reference token of RFC 6901
  put('/');
  for (char c : name) {
    if (c == '~' || c == '/') {
      put('~');
      put(c == '~' ? '0' : '1');
    } else {
      put(c);
    }
  }
}

// Where a member pointer or a path leads: whose, to what type, may it be absent, its pointer.
template <auto P, class = std::remove_const_t<decltype(P)>>
struct reach;
template <auto P, class O, class F>
struct reach<P, F O::*> {
  using owner = O;
  using field = typename bare<F>::type;
  static constexpr bool optional = bare<F>::optional;
  static constexpr string_view name = on_the_wire<O>(last_word(argument(value_text<P>())));
  template <class Put>
  static constexpr void write(Put put) {
    write_token(put, name);
  }
};
template <auto... P>
struct chain;
template <auto P>
struct chain<P> : reach<P> {};
template <auto P, auto... Rest>
struct chain<P, Rest...> {
  using owner = typename reach<P>::owner;
  using field = typename chain<Rest...>::field;
  static constexpr bool optional = reach<P>::optional || chain<Rest...>::optional;
  static_assert(std::is_same_v<typename reach<P>::field, typename chain<Rest...>::owner>,
                "skald: each part of a path must be a field of the part before it");
  template <class Put>
  static constexpr void write(Put put) {
    reach<P>::write(put);
    chain<Rest...>::write(put);
  }
};
template <auto P, auto... Parts>
struct reach<P, path_of<Parts...>> : chain<Parts...> {};
}  // namespace detail

template <class T>
inline constexpr string_view wire_name = detail::kept<detail::dotted_name<T>>::text;
template <auto P>
inline constexpr string_view pointer = detail::kept<detail::reach<P>>::text;
template <auto P>
using owner_of = typename detail::reach<P>::owner;
template <auto P>
using field_of = typename detail::reach<P>::field;  // without its std::optional
template <auto P>
inline constexpr bool may_be_absent = detail::reach<P>::optional;

namespace detail {
// Stand for any field when fields are counted: a struct with n fields can be braced with n of them.
struct anything {
  template <class T>
  requires(!bare<T>::optional) constexpr operator T() const { throw "never called"; }
};
struct any_optional {
  template <class T>
  constexpr operator std::optional<T>() const {
    throw "never called";
  }
};
template <class T, class... Slot>
consteval std::size_t count_fields() {
  if constexpr (sizeof...(Slot) > max_reflected)
    return sizeof...(Slot);
  else if constexpr (requires { T{Slot{}..., anything{}}; })
    return count_fields<T, Slot..., anything>();
  else if constexpr (requires { T{Slot{}..., any_optional{}}; })
    return count_fields<T, Slot..., any_optional>();
  else
    return sizeof...(Slot);
}
}  // namespace detail

template <class T>
inline constexpr std::size_t field_count = detail::count_fields<T>();

// The fields of a struct as a tuple of references.
template <class T>
constexpr auto fields_of(T& t) {
  using Plain = std::remove_const_t<T>;
  static_assert(std::is_aggregate_v<Plain>, "skald: only a plain struct can be a message");
  constexpr std::size_t size = field_count<Plain>;
  static_assert(size <= max_reflected, "skald: a message has at most 16 fields");
  // clang-format off
  if constexpr (size == 0) { return std::tuple(); }
  else if constexpr (size == 1) { auto& [a] = t; return std::tie(a); }
  else if constexpr (size == 2) { auto& [a, b] = t; return std::tie(a, b); }
  else if constexpr (size == 3) { auto& [a, b, c] = t; return std::tie(a, b, c); }
  else if constexpr (size == 4) { auto& [a, b, c, d] = t; return std::tie(a, b, c, d); }
  else if constexpr (size == 5) { auto& [a, b, c, d, e] = t; return std::tie(a, b, c, d, e); }
  else if constexpr (size == 6) { auto& [a, b, c, d, e, f] = t; return std::tie(a, b, c, d, e, f); }
  else if constexpr (size == 7) {
    auto& [a, b, c, d, e, f, g] = t;
    return std::tie(a, b, c, d, e, f, g); }
  else if constexpr (size == 8) {
    auto& [a, b, c, d, e, f, g, h] = t;
    return std::tie(a, b, c, d, e, f, g, h); }
  else if constexpr (size == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = t;
    return std::tie(a, b, c, d, e, f, g, h, i); }
  else if constexpr (size == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (size == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (size == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (size == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (size == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n); }
  else if constexpr (size == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o); }
  else if constexpr (size == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = t;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p); }
  // clang-format on
}

namespace detail {
template <class T>
struct box {
  T inside;
};
template <class T>
extern const box<T> nowhere;  // never defined: only the addresses of its fields are used
template <class F>
struct address {  // clang takes the address of a part as a template argument only when wrapped
  const F* at;
};
template <class F>
address(const F*) -> address<F>;

#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class T, std::size_t I>
constexpr string_view field_name() {
  constexpr address at{&std::get<I>(fields_of(nowhere<T>.inside))};
  return on_the_wire<T>(last_word(argument(value_text<at>())));
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif
template <class T, std::size_t... I>
constexpr std::array<bool, sizeof...(I)> optionality(std::index_sequence<I...>) {
  using Fields = decltype(fields_of(std::declval<const T&>()));
  return {bare<std::remove_cvref_t<std::tuple_element_t<I, Fields>>>::optional...};
}
template <class T, std::size_t... I>
constexpr std::array<string_view, sizeof...(I)> names_of_fields(std::index_sequence<I...>) {
  return {field_name<T, I>()...};
}

// The names of all enumerators, at the index of their value; empty where there is none.
template <class E, std::size_t... I>
constexpr auto names_of_enumerators(std::index_sequence<I...>) {
  std::array<string_view, sizeof...(I)> names{};
  string_view text = argument(values_text<static_cast<E>(I)...>());  // {a::red, (a)1} or <...>
  text = text.substr(1, text.size() - 2);
  for (auto& name : names) {
    const string_view one = text.substr(0, text.find(", "));
    text.remove_prefix(one.size() + 2 <= text.size() ? one.size() + 2 : text.size());
    const string_view word = last_word(one);
    if (word.front() != '-' && (word.front() < '0' || word.front() > '9')) name = word;
  }
  return names;
}
}  // namespace detail

template <class T>
inline constexpr auto field_names =
    detail::names_of_fields<T>(std::make_index_sequence<field_count<T>>());
template <class T>
inline constexpr auto optional_fields =
    detail::optionality<T>(std::make_index_sequence<field_count<T>>());
template <class E>
inline constexpr auto enumerator_names =
    detail::names_of_enumerators<E>(std::make_index_sequence<max_enumerator + 1>());
}  // namespace skald
