// The words of the definition's JSON format, for reading and for writing.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "skald/model.hpp"

namespace skald {
inline constexpr int definition_format = 1;  // of the JSON; it fixes the defaults as well

namespace names {
template <class E>
using entry = std::pair<std::string_view, E>;

inline constexpr entry<token::op> operators[] = {
    {"eq", token::op::eq},    {"ne", token::op::ne},     {"lt", token::op::lt},
    {"le", token::op::le},    {"gt", token::op::gt},     {"ge", token::op::ge},
    {"and", token::op::both}, {"or", token::op::either}, {"not", token::op::negate}};
inline constexpr entry<unclaimed> unclaimeds[] = {{"undo", unclaimed::undo},
                                                  {"ignore", unclaimed::ignore}};
inline constexpr entry<undo::type> undos[] = {{"harmless", undo::type::harmless},
                                              {"irreversible", undo::type::irreversible},
                                              {"retriable", undo::type::retriable}};
inline constexpr entry<surplus> surpluses[] = {
    {"undo", surplus::undo}, {"ignore", surplus::ignore}, {"operator", surplus::to_operator}};
inline constexpr entry<publish> publishes[] = {{"outcome", publish::outcome},
                                               {"steps", publish::steps}};

template <class E, std::size_t N>
std::string of(const entry<E> (&all)[N], E e) {
  for (auto& [name, known] : all)
    if (known == e) return std::string(name);
  return {};
}
template <class E, std::size_t N>
std::optional<E> find(const entry<E> (&all)[N], std::string_view word) {
  for (auto& [name, known] : all)
    if (name == word) return known;
  return std::nullopt;
}
template <class E, std::size_t N>
std::string listed(const entry<E> (&all)[N]) {
  std::string words;
  for (auto& [name, known] : all)
    words += (words.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  return words;
}
}  // namespace names
}  // namespace skald
