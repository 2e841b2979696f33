// Plain structs to JSON and back, by what the compiler knows of them (reflect.hpp).
//
//   struct Order { std::string id; std::optional<int> slot; std::vector<Line> lines; colour paint;
//   }; to_json(order)                {"id":"o-1","lines":[...],"paint":"red"}
//   from_json<Order>(text)        an Order, or bad_json: "/lines/0/price_cents: an integer was ..."
//
// Fields: texts (UTF-8), integers, bool, double, enumerations (by name), std::optional (left out
// when empty; null is empty), std::vector, structs of these. Members that a struct does not have
// are skipped, so that a sender may add some. For any other type specialise json_as.
#pragma once
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "skald/json_reader.hpp"
#include "skald/reflect.hpp"

namespace skald {
// template <> struct skald::json_as<Money> {
//   static void write(std::string& out, const Money&);      appends one JSON value
//   static bool read(json_reader&, Money&);                 false: after reader.fail("sentence")
// };
template <class T>
struct json_as;

struct bad_json : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
template <class T>
concept has_json_as = requires {
  sizeof(json_as<T>);
};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

inline void write_text(std::string& out, std::string_view s) {
  out += '"';
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    if (c >= 0x80) {
      const std::size_t size = json_reader::wide_size(s.substr(i));
      if (size == 0) throw std::invalid_argument("skald: a text of a message is not UTF-8");
      out += s.substr(i, size);
      i += size;
      continue;
    }
    if (c < 0x20) {
      const auto known = std::string_view("\b\f\n\r\t").find(s[i]);
      if (known != std::string_view::npos)
        (out += '\\') += "bfnrt"[known];
      else
        (((out += "\\u00") += c < 16 ? '0' : '1') += "0123456789abcdef"[c & 15]);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += s[i];
    }
    ++i;
  }
  out += '"';
}

template <class N>
void write_number(std::string& out, N n) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof(digits), n).ptr);
}

template <class T>
void write_struct(std::string& out, const T& v);
template <class T>
void write_value(std::string& out, const T& v) {
  if constexpr (has_json_as<T>) {
    json_as<T>::write(out, v);
  } else if constexpr (std::is_same_v<T, bool>) {
    out += v ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    write_number(
        out,
        static_cast<std::conditional_t<std::is_signed_v<T>, long long, unsigned long long>>(v));
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(v)) throw std::invalid_argument("skald: JSON has no number for this double");
    write_number(out, v);
  } else if constexpr (std::is_enum_v<T>) {
    const auto i = static_cast<std::size_t>(v);
    if (i >= enumerator_names<T>.size() || enumerator_names<T>[i].empty())
      throw std::invalid_argument("skald: this value of an enumeration has no name");
    write_text(out, enumerator_names<T>[i]);
  } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
    write_text(out, v);
  } else if constexpr (is_vector<T>::value) {
    out += '[';
    for (std::size_t i = 0; i < v.size(); ++i) {
      if (i) out += ',';
      write_value<typename T::value_type>(out, v[i]);
    }
    out += ']';
  } else {
    write_struct(out, v);
  }
}

template <class F>
void write_field(std::string& out, std::string_view name, const F& field) {
  if constexpr (bare<F>::optional) {
    if (field) write_field(out, name, *field);
  } else {
    if (out.back() != '{') out += ',';
    write_text(out, name);
    out += ':';
    write_value(out, field);
  }
}
template <class T>
void write_struct(std::string& out, const T& v) {
  out += '{';
  const auto fields = fields_of(v);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (write_field(out, field_names<T>[I], std::get<I>(fields)), ...);
  }
  (std::make_index_sequence<field_count<T>>());
  out += '}';
}

inline void prefix_place(json_reader& r, std::string_view token) {
  std::string at = "/";
  for (char c : token) {
    if (c == '~' || c == '/')
      at += c == '~' ? "~0" : "~1";
    else
      at += c;
  }
  r.mistake.at.insert(0, at);
}

template <class I>
bool read_integer(json_reader& r, I& out) {
  std::conditional_t<std::is_signed_v<I>, std::int64_t, std::uint64_t> n = 0;
  if (!r.read(n)) return false;
  if (!std::in_range<I>(n))
    return r.fail("this integer must lie between " + std::to_string(std::numeric_limits<I>::min()) +
                  " and " + std::to_string(std::numeric_limits<I>::max()));
  out = static_cast<I>(n);
  return true;
}
template <class E>
bool read_enumerator(json_reader& r, E& out) {
  std::string name;
  if (!r.read(name)) return false;
  for (std::size_t i = 0; i < enumerator_names<E>.size(); ++i)
    if (!name.empty() && enumerator_names<E>[i] == name) return out = static_cast<E>(i), true;
  std::string known = "one of these was expected here:";
  for (auto word : enumerator_names<E>)
    if (!word.empty()) (known += ' ') += word;
  return r.fail(known);
}

template <class T>
bool read_list(json_reader& r, std::vector<T>& out);
template <class T>
bool read_struct(json_reader& r, T& out);
template <class T>
bool read_value(json_reader& r, T& out) {
  if constexpr (has_json_as<T>) {
    return json_as<T>::read(r, out);
  } else if constexpr (bare<T>::optional) {
    if (r.null()) return out.reset(), true;
    return read_value(r, out.emplace());
  } else if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, std::string>) {
    return r.read(out);
  } else if constexpr (std::is_integral_v<T>) {
    return read_integer(r, out);
  } else if constexpr (std::is_floating_point_v<T>) {
    double wide = 0;
    if (!r.read(wide)) return false;
    out = static_cast<T>(wide);
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    return read_enumerator(r, out);
  } else if constexpr (is_vector<T>::value) {
    return read_list(r, out);
  } else {
    return read_struct(r, out);
  }
}

template <class T>
bool read_list(json_reader& r, std::vector<T>& out) {
  out.clear();
  if (!r.array()) return false;
  while (r.item()) {
    T one{};
    if (!read_value(r, one)) {
      prefix_place(r, std::to_string(out.size()));
      return false;
    }
    out.push_back(std::move(one));
  }
  return !r.failed();
}

// The index of a member; `expected` is looked at first, for senders that keep the fields' order.
template <class T>
std::size_t field_index(std::string_view name, std::size_t expected) {
  constexpr auto& names = field_names<T>;
  if (expected < names.size() && names[expected] == name) return expected;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return i;
  return names.size();
}
template <class T>
bool read_struct(json_reader& r, T& out) {
  constexpr std::size_t count = field_count<T>;
  auto fields = fields_of(out);
  bool seen[count + 1] = {};
  std::size_t i = 0;
  std::string name;
  if (!r.object()) return false;
  while (r.member(name)) {
    i = field_index<T>(name, i);
    bool good = true;
    if (i == count) {
      good = r.skip();
    } else if (seen[i]) {
      good = r.fail("this member stands twice");
    } else {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (void)((I == i && (good = read_value(r, std::get<I>(fields)), true)) || ...);
      }
      (std::make_index_sequence<count>());
    }
    if (!good) return prefix_place(r, name), false;
    if (i < count) seen[i++] = true;
  }
  if (r.failed()) return false;
  for (i = 0; i < count; ++i)
    if (!seen[i] && !optional_fields<T>[i]) {
      r.fail("this member is missing");
      prefix_place(r, field_names<T>[i]);
      return false;
    }
  return true;
}
}  // namespace detail

// Throws std::invalid_argument when a text is not UTF-8, a double not finite, an enumerator
// unknown.
template <class T>
std::string to_json(const T& record) {
  std::string out;
  detail::write_value(out, record);
  return out;
}

// Empty, and `wrong` says what and where, when the text is not a T.
template <class T>
std::optional<T> read_json(std::string_view text, json_mistake& wrong) {
  std::optional<T> out;
  json_reader r(text);
  if (text.size() > max_record_bytes) {
    r.fail("the text is longer than " + std::to_string(max_record_bytes) + " bytes");
  } else {
    out.emplace();
    if (!detail::read_value(r, *out) || !r.end()) out.reset();
  }
  wrong = std::move(r.mistake);
  return out;
}
template <class T>
T from_json(std::string_view text) {
  json_mistake wrong;
  auto record = read_json<T>(text, wrong);
  if (!record) throw bad_json(wrong.text());
  return *std::move(record);
}
}  // namespace skald
