// What the cases share: one starting event, one right command, one right undo.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "skald/saga.hpp"

namespace quiz {
struct Begun {
  std::string id, name;
  int count;
  std::int64_t cents;
  std::optional<std::string> note;
};
struct Ask {
  std::string id;
  int count;
};
struct Answered {
  std::string id, text;
};
struct Silent {
  std::string id;
};
struct Forget {
  std::string id;
  std::optional<std::string> text;
};
struct Paid {
  std::string id, payment;
};
}  // namespace quiz

using namespace skald;
using namespace quiz;

inline constexpr command ask =
    send<Ask>("host", copy<&Ask::id, &Begun::id>, copy<&Ask::count, &Begun::count>);
inline constexpr command forget = send<Forget>("host", copy<&Forget::id, &Begun::id>);
inline constexpr step first = {
    .name = "first", .send = ask, .done = reply<Answered>, .within = 5s, .undo = forget};
inline constexpr step final = {
    .name = "final", .send = ask, .done = reply<>, .within = 5s, .undo = irreversible};

constexpr definition quiz_of(const stages& steps) {
  return {.name = "quiz", .version = 1, .starts = on<&Begun::id>, .steps = steps};
}
