// The engine's enumerations in words, as people, JSON and the database's views say them.
#pragma once
#include <array>
#include <string_view>

#include "sagas/machine.hpp"

namespace skald::machine {
namespace detail {
template <class Enum, std::size_t N>
constexpr std::string_view word(Enum e, const std::array<std::string_view, N>& words) {
  const auto i = static_cast<std::size_t>(e);
  return i < N ? words[i] : "unknown";
}
}  // namespace detail

constexpr std::string_view name(phase p) {
  return detail::word(
      p, std::array<std::string_view, 5>{"parked", "running", "aborting", "completed", "aborted"});
}
constexpr std::string_view name(status s) {
  return detail::word(
      s, std::array<std::string_view, 9>{"idle", "pending", "done", "declined", "undoing", "undone",
                                         "resolving", "operator", "skipped"});
}
constexpr std::string_view name(surplus_state::state s) {
  return detail::word(s, std::array<std::string_view, 4>{"open", "closed", "operator", "ignored"});
}
constexpr std::string_view name(event_kind k) {
  return detail::word(
      k, std::array<std::string_view, 16>{"start", "ok", "declined", "refused", "retry", "undone",
                                          "timer", "cancel", "deadline", "parking_over", "pause",
                                          "resume", "operator_retry", "operator_settle",
                                          "operator_done", "operator_not_done"});
}
constexpr std::string_view name(action_kind k) {
  return detail::word(k, std::array<std::string_view, 9>{
                             "do", "undo", "undo by name", "fence", "tell started",
                             "tell completed", "tell aborted", "tell stuck", "tell step"});
}
constexpr std::string_view name(verdict v) {
  return detail::word(
      v, std::array<std::string_view, 9>{"applied", "parked", "held", "duplicate", "surplus",
                                         "recorded", "conflict", "refused", "overflow"});
}
}  // namespace skald::machine
