// What may go wrong in the simulated world, and how often it does in one run.
//
// Each kind draws from its own stream: a run without one kind is otherwise nearly the same run,
// which is what shrinking needs.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "orchestrator/simulate/dice.hpp"

// X(name, most per million draws, what it is)
// clang-format off
#define SKALD_FAULTS(X) \
  X(commit_refused,        8'000, "a commit is a deadlock's victim: nothing was written") \
  X(commit_fails,          4'000, "a commit fails with an error: nothing was written") \
  X(commit_answer_lost,    8'000, "a commit was applied and its answer is lost") \
  X(commit_lost,           8'000, "a commit was lost and so is its answer") \
  X(commit_late,          15'000, "a commit arrives when its sender has given it up") \
  X(read_fails,              500, "the database does not answer a question") \
  X(log_fails,             2'000, "the log cannot be read") \
  X(producer_breaks,         500, "the producer breaks with records under way") \
  X(producer_full,         5'000, "the producer takes nothing more for now") \
  X(acks_late,           100'000, "deliveries are acknowledged late") \
  X(poll_short,          100'000, "a poll brings only some of what is there") \
  X(worker_dies,           8'000, "a worker is killed, anywhere in its turn") \
  X(worker_stalls,         2'000, "a worker stands still, longer than its group waits") \
  X(rebalance,             2'000, "partitions move between workers; the old owner hears it late") \
  X(clock_jumps,             500, "the database's clock jumps, forth or back") \
  X(late_topic,          500'000, "a topic is added while the shards are read") \
  X(command_lost,         50'000, "a command never reaches its participant") \
  X(command_twice,       150'000, "a command reaches its participant twice") \
  X(command_slow,        100'000, "a command takes longer than anybody waits") \
  X(reply_lost,          100'000, "a reply is never sent: the participant died after the effect") \
  X(reply_twice,          50'000, "a reply comes twice") \
  X(reply_slow,          100'000, "a reply takes longer than anybody waits") \
  X(participant_away,      5'000, "a participant is away for some time: what it is sent waits") \
  X(dies_before,          50'000, "a participant dies before the effect") \
  X(fenced_by_hand,      100'000, "somebody fences a step in its participant's books") \
  X(declines,            150'000, "a participant declines") \
  X(says_retry,          250'000, "a participant says: not now, later") \
  X(lies,                 20'000, "a participant does it, and answers both declined and ok") \
  X(does_twice,          400'000, "a participant does it twice, under two names") \
  X(undo_fails,          200'000, "an undo fails for some time") \
  X(undo_never,           20'000, "an undo never works") \
  X(start_twice,         100'000, "a start comes twice") \
  X(start_late,           50'000, "a start comes after its events were parked for too long") \
  X(start_never,          50'000, "events of somebody who never starts") \
  X(event_early,         300'000, "an awaited event comes before its start") \
  X(event_twice,         200'000, "an awaited event comes twice") \
  X(event_other,         150'000, "the customer does it once more: another occurrence") \
  X(event_unasked,       200'000, "an awaited event comes although its step is skipped") \
  X(floods,                2'000, "the customer does it a hundred times more") \
  X(event_never,         100'000, "an awaited event never comes") \
  X(event_misplaced,     100'000, "a record lies on the wrong partition") \
  X(cancels,             100'000, "the customer cancels") \
  X(cancels_early,        20'000, "a cancel comes before its start") \
  X(poison,               20'000, "a record that nobody can apply") \
  X(forged,               20'000, "a reply with a token that is not its own") \
  X(pauses,              200'000, "the operator pauses a saga for some time") \
  X(operator_acts,       500'000, "the operator sees to what waits for him") \
  X(operator_risks,      400'000, "the operator guesses, and writes nothing into the books") \
  X(operator_dies,       100'000, "the operator writes into the books, and never says it") \
  X(operator_absurd,     300'000, "the operator says something absurd") \
  X(operator_stale,       50'000, "the operator's word is about an older state")
// clang-format on

namespace skald::sim {
enum class fault : std::uint8_t {
#define SKALD_FAULT(name, most, text) name,
  SKALD_FAULTS(SKALD_FAULT)
#undef SKALD_FAULT
      count_
};
inline constexpr auto fault_kinds = static_cast<std::size_t>(fault::count_);

struct fault_kind {
  std::string_view name;
  std::uint32_t most_per_million;
  std::string_view text;
};
inline constexpr std::array<fault_kind, fault_kinds> faults{{
#define SKALD_FAULT(name, most, text) {#name, most, text},
    SKALD_FAULTS(SKALD_FAULT)
#undef SKALD_FAULT
}};

using fault_set = std::uint64_t;  // bit: the kind
static_assert(fault_kinds <= 64);
constexpr fault_set bit(fault f) {
  return fault_set{1} << static_cast<int>(f);
}

// The faults of one run: half of the kinds, of some runs nearly all, each at a rate of its own.
class fault_mix {
 public:
  // `without`: kinds that never happen; `always`: that do, a third of the time; `most`: from then
  // on nothing goes wrong any more.
  fault_mix(std::uint64_t seed, fault_set without, fault_set always, std::uint64_t most);

  bool happens(fault f) {
    const auto i = static_cast<std::size_t>(f);
    if (rates_[i] == 0 || left_ == 0 || !streams_[i].chance(rates_[i])) return false;
    --left_;
    ++counts[i];
    return true;
  }
  // For how a fault looks: of the same stream.
  dice& of(fault f) { return streams_[static_cast<std::size_t>(f)]; }
  bool on(fault f) const { return left_ != 0 && rates_[static_cast<std::size_t>(f)] != 0; }
  void stop() { left_ = 0; }

  std::array<std::uint64_t, fault_kinds> counts{};

 private:
  std::array<std::uint32_t, fault_kinds> rates_{};
  std::vector<dice> streams_;
  std::uint64_t left_;
};
}  // namespace skald::sim
