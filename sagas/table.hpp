// The transition table, clause by clause: the one list that the code decides by (outcome.cell), the
// documentation shows (docs/semantics.md, compared by a test) and coverage is counted on.
//
// X(id, input, phase, text). A clause's number is its place in the list and is not stored anywhere.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

// clang-format off
#define SKALD_TABLE(X) \
  X(start_none,               "start", "NONE", "runs: stage 0 is sent, timers are armed, what is parked is used") \
  X(start_running,            "start", "RUNNING", "duplicate: the same answer") \
  X(start_aborting,           "start", "ABORTING", "duplicate: the same answer; if born aborted: aborted") \
  X(start_aborted,            "start", "ABORTED", "duplicate: the same answer; if born aborted: aborted") \
  X(start_claims,             "start", "ABORTING, ABORTED", "born aborted, and it claims what was taken for a stranger's: that is undone") \
  X(start_completed,          "start", "COMPLETED", "duplicate: the same answer") \
  X(ok_none,                  "ok", "NONE", "parked, every occurrence by itself") \
  X(ok_none_again,            "ok", "NONE", "parked before: duplicate") \
  X(ok_running_pending,       "ok", "RUNNING", "pending: done, this occurrence is accepted, advance") \
  X(ok_running_found,         "ok", "RUNNING", "resolving or at the operator: done, this occurrence is accepted, advance") \
  X(ok_running_idle,          "ok", "RUNNING", "idle: parked, every occurrence by itself") \
  X(ok_running_idle_again,    "ok", "RUNNING", "idle, parked before: duplicate") \
  X(ok_running_again,         "ok", "RUNNING", "done or skipped, seen before: duplicate") \
  X(ok_confirms,              "ok", "RUNNING, COMPLETED", "done by the operator's word, which is in the books: the occurrence is accepted") \
  X(ok_doubts,                "ok", "RUNNING, COMPLETED", "done by the operator's word, which is not in the books: surplus for the operator") \
  X(ok_running_surplus,       "ok", "RUNNING", "done by another occurrence: surplus") \
  X(ok_running_skipped,       "ok", "RUNNING", "skipped: surplus") \
  X(ok_aborting_again,        "ok", "ABORTING", "seen before: duplicate") \
  X(ok_aborting_pending,      "ok", "ABORTING", "pending: done, its undo is to come") \
  X(ok_aborting_done,         "ok", "ABORTING", "done: counted, the step-wide undo to come covers it") \
  X(ok_aborting_late,         "ok", "ABORTING", "idle, declined or skipped: it is undone") \
  X(ok_aborting_fenced,       "ok", "ABORTING", "undoing, at the operator or settled, fenced: recorded") \
  X(ok_aborting_dirty,        "ok", "ABORTING", "undoing or at the operator, no fence: dirty, to be undone again") \
  X(ok_aborting_undone_again, "ok", "ABORTING", "settled, no fence: undone again, next n") \
  X(ok_aborting_conflict,     "ok", "ABORTING", "of a pivot or retriable step: conflict, operator item") \
  X(ok_aborting_await,        "ok of an await", "ABORTING", "not seen before: undone by name") \
  X(ok_aborted_again,         "ok", "ABORTED", "seen before: duplicate") \
  X(ok_aborted_late,          "ok", "ABORTED", "idle, declined or skipped: reopened, it is undone") \
  X(ok_aborted_fenced,        "ok", "ABORTED", "settled, fenced: recorded") \
  X(ok_aborted_undone_again,  "ok", "ABORTED", "settled, no fence: reopened, undone again, next n") \
  X(ok_aborted_conflict,      "ok", "ABORTED", "of a pivot or retriable step: conflict, operator item") \
  X(ok_aborted_await,         "ok of an await", "ABORTED", "not seen before: reopened, undone by name") \
  X(ok_stranger,              "ok of an await", "ABORTING, ABORTED", "born aborted, no start yet, an event of its topic was left alone as a stranger's: so is this one") \
  X(ok_after_word,            "ok", "ABORTING, ABORTED", "settled by the operator's word, which is not in the books: conflict, operator item") \
  X(ok_completed_again,       "ok", "COMPLETED", "accepted or seen before: duplicate") \
  X(ok_completed_surplus,     "ok", "COMPLETED", "another occurrence: surplus") \
  X(ok_completed_skipped,     "ok", "COMPLETED", "skipped: surplus") \
  X(declined_none,            "declined", "NONE", "parked") \
  X(declined_none_again,      "declined", "NONE", "parked before: duplicate") \
  X(declined_retriable,       "declined", "RUNNING", "retriable: the same key after a pause, counts as an attempt") \
  X(declined_retriable_last,  "declined", "RUNNING", "retriable, no attempt left: recorded, its timer decides") \
  X(declined_pending,         "declined", "RUNNING", "pending: declined, abort") \
  X(declined_pivot,           "declined", "RUNNING", "pivot resolving or at the operator: declined, abort") \
  X(declined_idle,            "declined", "RUNNING", "idle: parked") \
  X(declined_idle_again,      "declined", "RUNNING", "idle, parked before: duplicate") \
  X(declined_running,         "declined", "RUNNING", "skipped, done by another occurrence, or retriable and not pending: recorded") \
  X(declined_contradicts,     "declined", "RUNNING", "done by the same occurrence, before the point of no return: abort") \
  X(declined_conflict,        "declined", "RUNNING", "done by the same occurrence, a pivot out or the point of no return passed: conflict, operator item") \
  X(declined_aborting,        "declined", "ABORTING", "pending: declined") \
  X(declined_aborting_else,   "declined", "ABORTING", "not pending: recorded") \
  X(declined_aborted,         "declined", "ABORTED", "recorded") \
  X(declined_completed,       "declined", "COMPLETED", "of the accepted occurrence: conflict, operator item") \
  X(declined_completed_else,  "declined", "COMPLETED", "skipped, done by another occurrence, or retriable: recorded") \
  X(refused_none,             "refused", "NONE", "recorded") \
  X(refused_pending,          "refused", "RUNNING", "pending: as declined") \
  X(refused_running,          "refused", "RUNNING", "not pending: recorded") \
  X(refused_aborting,         "refused", "ABORTING", "pending: declined") \
  X(refused_aborting_else,    "refused", "ABORTING", "not pending: recorded") \
  X(refused_aborted,          "refused", "ABORTED", "recorded") \
  X(refused_completed,        "refused", "COMPLETED", "recorded") \
  X(retry_none,               "retry", "NONE", "recorded") \
  X(retry_running,            "retry", "RUNNING", "pending or resolving: the same key after the time it names, counts as an attempt") \
  X(retry_last,               "retry", "RUNNING, ABORTING", "no attempt left: recorded, the timer decides") \
  X(retry_running_else,       "retry", "RUNNING", "old, or nothing is waited for: recorded") \
  X(retry_aborting,           "retry", "ABORTING", "undoing: the same key after the time it names, counts as an attempt") \
  X(retry_aborting_else,      "retry", "ABORTING", "old, or not undoing: recorded") \
  X(retry_aborted,            "retry", "ABORTED", "recorded") \
  X(retry_completed,          "retry", "COMPLETED", "recorded") \
  X(retry_surplus,            "retry", "any", "undo of an open surplus: the same key after the time it names, counts as an attempt") \
  X(retry_surplus_else,       "retry", "any", "undo of a surplus, not open or no attempt left: recorded") \
  X(timer_none,               "timer", "NONE", "nothing") \
  X(timer_old,                "timer", "RUNNING, ABORTING", "old arm: nothing") \
  X(timer_resends,            "timer", "RUNNING", "pending, attempts left: the same key again") \
  X(timer_aborts,             "timer", "RUNNING", "pending, exhausted, compensatable: abort") \
  X(timer_resolves,           "timer", "RUNNING", "pending, exhausted, pivot with a fence: resolving, the fence is sent") \
  X(timer_pivot,              "timer", "RUNNING", "pending, exhausted, pivot without a fence: operator") \
  X(timer_retriable,          "timer", "RUNNING", "pending, exhausted, retriable: operator") \
  X(timer_fence,              "timer", "RUNNING", "resolving, attempts left: the fence again") \
  X(timer_fence_last,         "timer", "RUNNING", "resolving, exhausted: operator") \
  X(timer_pending_aborting,   "timer", "ABORTING", "pending: nothing, its undo comes") \
  X(timer_undo,               "timer", "ABORTING", "undoing, attempts left: the same undo again") \
  X(timer_undo_last,          "timer", "ABORTING", "undoing, exhausted: operator, the other undos go on") \
  X(timer_aborted,            "timer", "ABORTED", "nothing") \
  X(timer_completed,          "timer", "COMPLETED", "nothing") \
  X(timer_surplus,            "timer of a surplus", "any", "open, attempts left: the same undo again; the phase does not change") \
  X(timer_surplus_last,       "timer of a surplus", "any", "open, exhausted: operator item; the phase does not change") \
  X(timer_surplus_old,        "timer of a surplus", "any", "old arm or not open: nothing") \
  X(undone_none,              "undone", "NONE", "recorded as unexpected") \
  X(undone_old,               "undone", "RUNNING", "old n, or nothing of it is under way: recorded") \
  X(undone_pivot,             "undone", "RUNNING", "pivot resolving or at the operator: settled, abort") \
  X(undone_doubts,            "undone", "RUNNING, ABORTING, ABORTED", "of a step that the operator's word decided, not in the books: conflict, operator item") \
  X(undone_aborting_old,      "undone", "ABORTING", "old n: recorded") \
  X(undone_dirty,             "undone", "ABORTING", "undoing or at the operator, dirty: undone again, next n") \
  X(undone_settles,           "undone", "ABORTING", "undoing or at the operator: settled, others remain") \
  X(undone_last,              "undone", "ABORTING", "undoing or at the operator: settled, and it was the last: ABORTED") \
  X(undone_aborting_again,    "undone", "ABORTING", "settled: duplicate") \
  X(undone_aborted,           "undone", "ABORTED", "duplicate") \
  X(undone_completed,         "undone", "COMPLETED", "conflict, operator item") \
  X(undone_surplus,           "undone of a surplus", "any", "open or at the operator: closed; the phase does not change") \
  X(undone_surplus_again,     "undone of a surplus", "any", "closed: duplicate") \
  X(undone_surplus_doubts,    "undone of a surplus", "any", "closed by the operator's word, not in the books: an operator item again") \
  X(cancel_none,              "cancel", "NONE", "born aborted: ABORTED") \
  X(cancel_none_parked,       "cancel", "NONE", "born aborted: ABORTING while the parked oks are undone") \
  X(cancel_too_late,          "cancel, deadline", "RUNNING", "point of no return passed: refused, too late") \
  X(cancel_resolves,          "cancel, deadline", "RUNNING", "pivot pending: resolving, the fence is sent") \
  X(cancel_pivot,             "cancel, deadline", "RUNNING", "pivot pending, without a fence: operator") \
  X(cancel_waits,             "cancel, deadline", "RUNNING", "pivot resolving or at the operator: its outcome decides") \
  X(cancel_aborts,            "cancel, deadline", "RUNNING", "abort") \
  X(cancel_aborting,          "cancel, deadline", "ABORTING", "duplicate") \
  X(cancel_aborted,           "cancel, deadline", "ABORTED", "duplicate") \
  X(cancel_completed,         "cancel, deadline", "COMPLETED", "refused") \
  X(deadline_old,             "deadline", "any", "not armed: nothing") \
  X(parking_undone,           "parking time over", "NONE", "born aborted: ABORTING while the parked oks are undone") \
  X(parking_ignored,          "parking time over", "NONE", "only strangers' events: born aborted, they are left alone: ABORTED") \
  X(parking_dropped,          "parking time over", "NONE", "only declines: forgotten, there is nothing to undo") \
  X(parking_old,              "parking time over", "any", "not armed: nothing") \
  X(pause_running,            "pause", "RUNNING", "paused: inputs are held in order, timers and the deadline stand still") \
  X(pause_aborting,           "pause", "ABORTING", "paused: inputs are held in order, timers stand still") \
  X(pause_again,              "pause", "RUNNING, ABORTING", "paused before: duplicate") \
  X(pause_refused,            "pause", "NONE, ABORTED, COMPLETED", "refused: nothing to pause") \
  X(resume_applies,           "resume", "RUNNING, ABORTING", "what is held is applied in order, then the timers go on with what was left of them") \
  X(resume_refused,           "resume", "any", "refused: not paused") \
  X(paused_holds,             "any", "paused", "held") \
  X(paused_holds_again,       "any", "paused", "held before: duplicate") \
  X(paused_timer,             "timer, deadline", "paused", "nothing: it stands still") \
  X(paused_operator,          "operator", "paused", "refused: only resume is accepted") \
  X(op_retry_retriable,       "operator: retry", "RUNNING", "retriable at the operator: pending, the same key again") \
  X(op_retry_pivot,           "operator: retry", "RUNNING", "pivot at the operator: its fence again, or without one its command") \
  X(op_done,                  "operator: done", "RUNNING", "pivot or retriable at the operator: done, advance") \
  X(op_not_done,              "operator: not done", "RUNNING", "pivot at the operator: settled, abort") \
  X(op_retry_undo,            "operator: retry", "ABORTING", "at the operator: the same undo again") \
  X(op_settle,                "operator: settle", "ABORTING", "at the operator: settled") \
  X(op_undo_again,            "operator: retry", "ABORTED", "settled: reopened, undone again, next n") \
  X(op_retry_surplus,         "operator: retry", "any", "surplus at the operator: its undo (again)") \
  X(op_settle_surplus,        "operator: settle", "any", "surplus at the operator: closed") \
  X(op_settle_conflict,       "operator: settle", "any", "the whole saga: its conflict has been seen to") \
  X(op_refused,               "operator", "any", "refused: not what waits for the operator here") \
  X(overflow_occurrences,     "any", "any", "more occurrences than one saga may count: quarantine") \
  X(overflow_parked,          "any", "any", "more parked events than one saga may keep: quarantine") \
  X(overflow_held,            "any", "paused", "more held inputs than one saga may keep: quarantine") \
  X(overflow_undos,           "any", "any", "more undos of one step than can be numbered: refused") \
  X(malformed,                "any", "any", "names no step of this definition: recorded")
// clang-format on

namespace skald::machine {
enum class cell : std::uint16_t {
#define SKALD_CELL(id, input, phase, text) id,
  SKALD_TABLE(SKALD_CELL)
#undef SKALD_CELL
  count_
};

inline constexpr auto cells = static_cast<std::size_t>(cell::count_);

struct clause {
  std::string_view name, input, phase, text;
};

inline constexpr std::array<clause, cells> table{{
#define SKALD_CELL(id, input, phase, text) {#id, input, phase, text},
    SKALD_TABLE(SKALD_CELL)
#undef SKALD_CELL
}};

constexpr const clause& at(cell c) { return table[static_cast<std::size_t>(c)]; }
}  // namespace skald::machine
