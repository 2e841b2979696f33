// The naive choices that the rules exist for, as switches. In production `naive()` is the constant
// false and the compiler removes every trace; in the library skald_sagas_naive each can be made,
// and the model checker must find what goes wrong (docs/semantics.md, "What goes wrong without a
// rule").
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace skald::machine {
enum class choice : std::uint8_t {
  // Made by the engine.
  drop_early,               // early events are dropped
  timeout_is_failure,       // a timed-out step counts as failed and is not undone
  new_key_per_retry,        // each retry of a command has its own idempotency key
  ignore_after_aborted,     // a success after ABORTED is ignored
  drop_parked,              // parked events are dropped when their time is over
  best_effort_undo,         // an undo that was tried often enough counts as done
  ignore_after_decline,     // a success after a decline is ignored
  pause_drops,              // what arrives during a pause is dropped
  retry_is_decline,         // a `retry` reply is taken for a decline
  any_ok_advances,          // any ok is taken for the one that is waited for
  pivot_assumed,            // a pivot's timeout, or a cancel, counts as its failure
  timer_without_arm,        // a timer is applied whatever its arm number
  abort_does_not_wait,      // an abort does not wait for a resolving pivot
  delete_finished,          // the row of a finished saga is deleted
  forget_occurrences,       // a finished saga forgets the occurrences it has seen
  undone_without_n,         // an undo's reply is taken for the current undo's
  surplus_is_duplicate,     // a second occurrence counts as a duplicate
  one_parking_slot,         // one parked event per step
  undo_one_occurrence,      // a step-wide undo names the accepted occurrence only
  await_undo_fences,        // an await's undo is trusted to fence what comes later
  ignore_ok_of_skipped,     // an ok of a skipped step is ignored
  no_return_needs_pivot,    // without a pivot there is no point of no return
  resolving_without_timer,  // no timer is armed while a pivot is resolving
  undo_strangers,           // events that nobody claims are undone even where they are strangers'
  conflict_ends_undo,       // a conflict ends the abort: what is still in effect is let go
  // Made by the world around it: the participants, the commit, the operator.
  no_fence,              // the participant does not remember an undo that came first
  fence_not_read,        // it does, but the late command does not look
  publish_then_commit,   // commands leave before the state is committed
  stale_owner,           // an old owner commits without the offset check
  settle_without_books,  // the operator settles, the participant is not told
  retry_remembered,      // the participant remembers `retry` as its final reply
  count_
};

inline constexpr auto choices = static_cast<std::size_t>(choice::count_);
constexpr bool of_the_world(choice c) {
  return c >= choice::no_fence;
}

inline constexpr std::array<std::string_view, choices> choice_names{"drop_early",
                                                                    "timeout_is_failure",
                                                                    "new_key_per_retry",
                                                                    "ignore_after_aborted",
                                                                    "drop_parked",
                                                                    "best_effort_undo",
                                                                    "ignore_after_decline",
                                                                    "pause_drops",
                                                                    "retry_is_decline",
                                                                    "any_ok_advances",
                                                                    "pivot_assumed",
                                                                    "timer_without_arm",
                                                                    "abort_does_not_wait",
                                                                    "delete_finished",
                                                                    "forget_occurrences",
                                                                    "undone_without_n",
                                                                    "surplus_is_duplicate",
                                                                    "one_parking_slot",
                                                                    "undo_one_occurrence",
                                                                    "await_undo_fences",
                                                                    "ignore_ok_of_skipped",
                                                                    "no_return_needs_pivot",
                                                                    "resolving_without_timer",
                                                                    "undo_strangers",
                                                                    "conflict_ends_undo",
                                                                    "no_fence",
                                                                    "fence_not_read",
                                                                    "publish_then_commit",
                                                                    "stale_owner",
                                                                    "settle_without_books",
                                                                    "retry_remembered"};

#ifdef SKALD_NAIVE
inline constexpr bool naive_build = true;
inline std::uint64_t naive_choices = 0;  // one thread; set between runs of the checker only
inline bool naive(choice c) {
  return naive_choices >> static_cast<int>(c) & 1;
}
inline void make_naive(choice c, bool on = true) {
  const auto bit = std::uint64_t{1} << static_cast<int>(c);
  naive_choices = on ? naive_choices | bit : naive_choices & ~bit;
}
#else
inline constexpr bool naive_build = false;
constexpr bool naive(choice) {
  return false;
}
#endif
}  // namespace skald::machine
