// What must hold after every event. Cheap enough for production: one pass over the steps.
#include "sagas/invariants.hpp"

#include "sagas/machine/turn.hpp"

namespace skald::machine {
namespace {
const char* broken_step(const definition& d, const saga& s, std::uint8_t i) {
  const auto& st = s.steps[i];
  const auto now = st.status;
  const bool waits = now == status::undoing || now == status::resolving ||
                     (now == status::pending && s.phase == phase::running);
  if (waits && st.due_ms == 0) return "a step waits for an answer without a timer (S7)";
  if (!waits && st.due_ms != 0) return "a timer is armed for a step that waits for nothing";
  if (now == status::resolving && s.phase != phase::running)
    return "a pivot is resolving in a saga that is not running";
  if (now == status::undoing && s.phase != phase::aborting)
    return "a step is being undone in a saga that is not aborting";
  if (now == status::undoing && d.steps[i].kind() != kind::compensatable)
    return "a step is being undone that cannot be undone (S3)";
  if (s.phase == phase::completed && now != status::done && now != status::skipped)
    return "COMPLETED with a step that is not done (S4)";
  if (s.phase == phase::aborted &&
      (now == status::pending || now == status::done || now == status::to_operator))
    return "ABORTED with a step that is not settled (S4)";
  return nullptr;
}

bool something_goes_on(const saga& s) {
  if (s.paused || s.conflicts != 0) return true;
  for (auto& st : s.steps)
    if (st.due_ms != 0 || st.status == status::to_operator) return true;
  return false;
}
}  // namespace

const char* broken_invariant(const definition& d, const saga& s) {
  for (std::uint8_t i = 0; i < s.steps.size(); ++i)
    if (const char* what = broken_step(d, s, i)) return what;
  for (auto& x : s.surpluses)
    if ((x.now == surplus_state::state::open) != (x.due_ms != 0))
      return "a surplus is open without a timer, or has one without being open (S7)";
  if (s.phase == phase::none && !s.parked.empty() && s.parking_ms == 0)
    return "events are parked without a parking time (S7)";
  const bool under_way = s.phase == phase::running || s.phase == phase::aborting;
  if (under_way && !something_goes_on(s)) return "a saga under way can hang (S7)";
  if (s.paused && !under_way) return "a saga is paused that is not under way";
  if (!s.paused && !s.held.empty()) return "inputs are held by a saga that is not paused";
  if (s.parked.size() > max_parked || s.held.size() > max_held ||
      s.surpluses.size() + s.counted.size() > max_counted)
    return "a bound of the saga is passed";
  return nullptr;
}

void check_invariants(const definition& d, const saga& s) {
  if (naive_build) return;  // the checker must see what the naive choices break
  if (const char* what = broken_invariant(d, s)) die(what, __FILE__, __LINE__);
}
}  // namespace skald::machine
