// What the checker is tested on: small sagas, the options under which each is explored, and every
// naive choice with the saga that shows it soonest.
#pragma once
#include <doctest/doctest.h>

#include <vector>

#include "explore_sagas.hpp"
#include "sagas/explore/explore.hpp"
#include "sagas/naive.hpp"

namespace skald::test {
struct subject {
  definition d;
  explore::options o;
};

inline std::vector<subject> subjects() {
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
  add(saga_of("lied-to-pivot", {compensatable("charge", 0), pivot("dispense", 1)}),
      {.liars = true});
  auto twice = saga_of("not-idempotent", {compensatable("charge", 0), pivot("dispense", 1)});
  twice.steps[0].not_idempotent = true;
  twice.steps[0].occurrence = {"test.Done.v1", "/payment_id"};
  add(twice, {.reliable_replies = true});
  auto unfenced = saga_of("no-fence", {compensatable("charge", 0), pivot("dispense", 1)});
  unfenced.steps[0].no_fence = true;
  add(unfenced, {.reliable_replies = true});
  return all;
}

inline subject subject_called(string_view name) {
  for (auto& s : subjects())
    if (s.d.name == name) return s;
  FAIL("no such saga");
  return {};
}

struct made {
  explicit made(machine::choice c) : c_(c) { machine::make_naive(c); }
  ~made() { machine::make_naive(c_, false); }
  machine::choice c_;
};

struct expected {
  machine::choice made;
  string_view saga;   // in which it is found soonest
  string_view rule;   // that it breaks
  std::size_t steps;  // of the shortest trace
  const char* page;   // steps that the design's first prototype needed
};
inline constexpr expected mutants[] = {
    {machine::choice::drop_early, "single-await", "S8", 2, "2"},
    {machine::choice::timeout_is_failure, "single", "S4", 3, "3"},
    {machine::choice::new_key_per_retry, "single", "S1", 3, "3"},
    {machine::choice::ignore_after_aborted, "single-await", "S8", 3, "3"},
    {machine::choice::drop_parked, "single-await", "S8", 3, "3"},
    {machine::choice::best_effort_undo, "single", "S4", 4, "4"},
    {machine::choice::ignore_after_decline, "single-await", "S8", 4, "4"},
    {machine::choice::pause_drops, "single", "S8", 4, "4"},
    {machine::choice::retry_is_decline, "single", "S4", 3, "4"},
    {machine::choice::no_fence, "single", "S4", 4, "5"},
    {machine::choice::fence_not_read, "single", "S4", 5, "5"},
    {machine::choice::any_ok_advances, "vending-await", "S8", 3, "5"},
    {machine::choice::publish_then_commit, "single", "S4", 3, "3"},
    {machine::choice::stale_owner, "single", "S4", 4, "5-8"},
    {machine::choice::pivot_assumed, "guarded-await", "S3", 6, "8"},
    {machine::choice::timer_without_arm, "single", "S5", 4, "8"},
    {machine::choice::abort_does_not_wait, "guarded-await", "S3", 7, "9"},
    {machine::choice::delete_finished, "single", "S8", 3, "10"},
    {machine::choice::forget_occurrences, "single", "S8", 3, "10"},
    {machine::choice::undone_without_n, "no-fence", "S4", 6, "7"},
    {machine::choice::surplus_is_duplicate, "single-await", "S8", 5, "7-9"},
    {machine::choice::one_parking_slot, "single-await", "S8", 4, "4"},
    {machine::choice::undo_one_occurrence, "not-idempotent", "S8", 9, "11-12"},
    {machine::choice::await_undo_fences, "single-await", "S8", 5, "11-12"},
    {machine::choice::ignore_ok_of_skipped, "guarded-await", "S8", 5, "6"},
    {machine::choice::no_return_needs_pivot, "no-pivot", "S3", 6, "9"},
    {machine::choice::resolving_without_timer, "guarded-await", "S7", 4, "6"},
    {machine::choice::settle_without_books, "single", "S4", 5, "5"},
    {machine::choice::retry_remembered, "single", "S9", 2, "9"},
    {machine::choice::undo_strangers, "vending-ignore", "S2", 4, "-"},
    {machine::choice::conflict_ends_undo, "lied-to-pivot", "S4", 6, "-"},
};
}  // namespace skald::test
