#include "orchestrator/simulate/reach.hpp"

namespace skald::sim {
namespace {
using machine::cell;

constexpr std::string_view not_asked =
    "only who was sent a command can answer it, and this saga has sent none; a stale owner may "
    "decide so, and its commit is refused";
constexpr std::string_view no_early_decline =
    "declines answer commands, which are sent when their stage begins; awaits have none";
constexpr std::string_view never_old =
    "the worker asks the state for the timers that are due, at the moment when it applies them";
constexpr std::string_view too_many = "it takes 65,000 undos of one step";

struct clause_reason {
  cell clause;
  std::string_view why;
};
constexpr clause_reason clauses[] = {
    {cell::refused_none, not_asked},
    {cell::retry_none, not_asked},
    {cell::undone_none, not_asked},
    {cell::declined_none, no_early_decline},
    {cell::declined_none_again, no_early_decline},
    {cell::declined_idle, no_early_decline},
    {cell::declined_idle_again, no_early_decline},
    {cell::parking_dropped, no_early_decline},
    {cell::timer_none, never_old},
    {cell::timer_completed, never_old},
    {cell::timer_surplus_old, never_old},
    {cell::parking_old, never_old},
    {cell::paused_timer, never_old},
    {cell::overflow_undos, too_many},
};

// Neither is of the batch path.
constexpr std::string_view retention = "stopped there by tests/escaped/retention_died_test.cpp";
constexpr std::string_view migration = "killed there by ./dev chaos";
}  // namespace

std::string_view why_not(cell c) {
  for (const auto& r : clauses)
    if (r.clause == c) return r.why;
  return {};
}

std::string_view why_not(std::string_view failpoint) {
  if (failpoint.starts_with("retention.")) return retention;
  if (failpoint.starts_with("migration.")) return migration;
  return {};
}
}  // namespace skald::sim
