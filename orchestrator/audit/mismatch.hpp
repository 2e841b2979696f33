// What an audit finds: counted by kind, told with a sentence, bounded.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace skald::audit {
// The kinds, as reports name them.
namespace kind {
inline constexpr std::string_view history_gap = "history_gap";        // rows are not 1 to seq
inline constexpr std::string_view orphan_history = "orphan_history";  // rows of no saga
inline constexpr std::string_view wrong_id = "wrong_id";              // not derived from the key
inline constexpr std::string_view decided_otherwise = "decided_otherwise";  // replay disagrees
inline constexpr std::string_view state_differs = "state_differs";    // replay's end is not stored
inline constexpr std::string_view columns_differ = "columns_differ";  // phase, due: not the state's
inline constexpr std::string_view start_count = "start_count";        // starts and sagas: no sum
inline constexpr std::string_view start_lost = "start_lost";          // read, and no saga of it
inline constexpr std::string_view hangs = "hangs";                    // open, with nothing to come
inline constexpr std::string_view overdue = "overdue";                // a timer that did not fire
inline constexpr std::string_view parked_too_long = "parked_too_long";
inline constexpr std::string_view not_listed = "not_listed";          // open, old, not in `open`
inline constexpr std::string_view wrongly_listed = "wrongly_listed";  // finished, and in `open`
inline constexpr std::string_view outbox_damaged = "outbox_damaged";
inline constexpr std::string_view outbox_stuck = "outbox_stuck";
inline constexpr std::string_view command_missing = "command_missing";  // decided, not in Kafka
inline constexpr std::string_view command_unknown = "command_unknown";  // in Kafka, not decided
inline constexpr std::string_view effect_missing = "effect_missing";    // done, not in the books
inline constexpr std::string_view effect_stands = "effect_stands";      // in effect, and may not be
inline constexpr std::string_view effect_of_nobody = "effect_of_nobody";
inline constexpr std::string_view effect_count = "effect_count";  // totals do not agree
}  // namespace kind

struct mismatch {
  std::string_view kind;
  std::int64_t saga_no = 0;  // 0: no saga's
  std::string saga, key;     // its id and business key, as far as known
  std::string what;          // a sentence
};

// Counts all, keeps the first of each kind.
class mismatches {
 public:
  static constexpr std::size_t max_kept_a_kind = 5;

  void add(mismatch m) {
    if (counts_[m.kind]++ < max_kept_a_kind) kept_.push_back(std::move(m));
  }
  bool empty() const { return counts_.empty(); }
  const std::map<std::string_view, std::size_t>& counts() const { return counts_; }
  const std::vector<mismatch>& kept() const { return kept_; }

 private:
  std::map<std::string_view, std::size_t> counts_;
  std::vector<mismatch> kept_;
};
}  // namespace skald::audit
