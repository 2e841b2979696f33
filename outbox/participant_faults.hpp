// A participant's faults on purpose, drawn from a seed. Off unless a probability is set.
#pragma once
#include <cstdint>

#include "skald/participant.hpp"

namespace skald {
class faults {
 public:
  explicit faults(const participant_faults& f) : chances_(f), state_(f.seed) {}

  bool lose_command() { return draw(chances_.lose_command); }
  bool lose_reply() { return draw(chances_.lose_reply); }
  bool answer_twice() { return draw(chances_.answer_twice); }
  bool delay_reply() { return draw(chances_.delay_reply); }
  std::chrono::milliseconds delay() const { return chances_.delay; }
  void maybe_die_before_commit() {
    if (draw(chances_.die_before_commit)) die();
  }
  void maybe_die_after_commit() {
    if (draw(chances_.die_after_commit)) die();
  }

 private:
  bool draw(double chance);
  [[noreturn]] static void die();
  participant_faults chances_;
  std::uint64_t state_;
};
}  // namespace skald
