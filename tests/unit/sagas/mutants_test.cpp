// The checker's own test: every naive choice of docs/semantics.md 6, made in the engine or in the
// world, must be found in some definition; with none made, nothing may be found. Unreduced.
#include <doctest/doctest.h>

#include <cstdio>
#include <iterator>
#include <string>

#include "explore_sagas.hpp"
#include "sagas/explore/explore.hpp"
#include "sagas/explore/report.hpp"
#include "sagas/naive.hpp"

using namespace skald;
using namespace skald::test;
using machine::choice;

namespace {
struct subject {
  definition d;
  explore::options o;
};

std::vector<subject> subjects() {
  std::vector<subject> all;
  auto add = [&](const definition& d, explore::options o = {}) { all.push_back({d, o}); };
  add(saga_of("single", {compensatable("reserve", 0)}));
  add(single_await());
  add(vending());
  add(paid_by_customer());
  auto ignoring = paid_by_customer(unclaimed::ignore);
  ignoring.name = "vending-ignore";
  add(ignoring);
  add(no_pivot());
  auto skipped = paid_by_customer();
  skipped.name = "guarded-await";
  skipped.steps[1].when = some_guard();
  add(skipped);
  auto lied_to = saga_of("lied-to", {compensatable("reserve", 0)});
  add(lied_to, {.liars = true});
  auto twice = saga_of("not-idempotent", {compensatable("charge", 0), pivot("dispense", 1)});
  twice.steps[0].not_idempotent = true;
  twice.steps[0].occurrence = {"test.Done.v1", "/payment_id"};
  add(twice, {.reliable_replies = true});
  auto unfenced = saga_of("no-fence", {compensatable("charge", 0), pivot("dispense", 1)});
  unfenced.steps[0].no_fence = true;
  add(unfenced, {.reliable_replies = true});
  return all;
}

subject subject_called(string_view name) {
  for (auto& s : subjects())
    if (s.d.name == name) return s;
  FAIL("no such saga");
  return {};
}

struct expected {
  choice made;
  string_view saga;   // in which it is found soonest
  string_view rule;   // that it breaks
  std::size_t steps;  // of the shortest trace
  const char* page;   // steps that the design's first prototype needed
};
constexpr expected mutants[] = {
    {choice::drop_early, "single-await", "S8", 2, "2"},
    {choice::timeout_is_failure, "single", "S4", 3, "3"},
    {choice::new_key_per_retry, "single", "S1", 3, "3"},
    {choice::ignore_after_aborted, "single-await", "S8", 3, "3"},
    {choice::drop_parked, "single-await", "S8", 3, "3"},
    {choice::best_effort_undo, "single", "S4", 4, "4"},
    {choice::ignore_after_decline, "single-await", "S8", 4, "4"},
    {choice::pause_drops, "single", "S8", 4, "4"},
    {choice::retry_is_decline, "single", "S4", 3, "4"},
    {choice::no_fence, "single", "S4", 4, "5"},
    {choice::fence_not_read, "single", "S4", 5, "5"},
    {choice::any_ok_advances, "vending-await", "S8", 3, "5"},
    {choice::publish_then_commit, "single", "S4", 3, "3"},
    {choice::stale_owner, "single", "S4", 4, "5-8"},
    {choice::pivot_assumed, "guarded-await", "S3", 6, "8"},
    {choice::timer_without_arm, "single", "S5", 4, "8"},
    {choice::abort_does_not_wait, "guarded-await", "S3", 7, "9"},
    {choice::delete_finished, "single", "S8", 3, "10"},
    {choice::forget_occurrences, "single", "S8", 3, "10"},
    {choice::undone_without_n, "no-fence", "S4", 6, "7"},
    {choice::surplus_is_duplicate, "single-await", "S8", 5, "7-9"},
    {choice::one_parking_slot, "single-await", "S8", 3, "4"},
    {choice::undo_one_occurrence, "not-idempotent", "S8", 9, "11-12"},
    {choice::await_undo_fences, "single-await", "S8", 5, "11-12"},
    {choice::ignore_ok_of_skipped, "guarded-await", "S8", 5, "6"},
    {choice::no_return_needs_pivot, "no-pivot", "S3", 6, "9"},
    {choice::resolving_without_timer, "guarded-await", "S7", 4, "6"},
    {choice::settle_without_books, "single", "S4", 5, "5"},
    {choice::retry_remembered, "single", "S9", 2, "9"},
    {choice::undo_strangers, "vending-ignore", "S2", 4, "-"},
};

struct made {
  explicit made(choice c) : c_(c) { machine::make_naive(c); }
  ~made() { machine::make_naive(c_, false); }
  choice c_;
};
}  // namespace

TEST_CASE("no naive choice: no violation") {
  for (auto& s : subjects()) {
    auto r = explore::explore(s.d, s.o);
    INFO(explore::to_text(s.d, r));
    CHECK(r.verdict == explore::verdict::proven);
  }
}

TEST_CASE("each naive choice is found") {
  static_assert(std::size(mutants) == machine::choices);
  std::printf("  naive choice             steps  page   rule  saga, worlds until found\n");
  for (auto& m : mutants) {
    made naive(m.made);
    auto s = subject_called(m.saga);
    s.o.pause = m.made == choice::pause_drops;
    auto r = explore::explore(s.d, s.o);
    auto name = machine::choice_names[static_cast<std::size_t>(m.made)];
    std::printf("  %-24s %5zu  %-5s  %-4s  %s, %zu\n", name.data(), r.trace.size(), m.page,
                r.rule.c_str(), m.saga.data(), r.states);
    INFO(name);
    CHECK(r.verdict == explore::verdict::violation);
    CHECK(r.rule == m.rule);
    CHECK(r.trace.size() == m.steps);
  }
}
