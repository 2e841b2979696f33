// Is every record that the histories imply in Kafka, and nothing that they do not?
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/audit/ledger.hpp"
#include "orchestrator/audit/mismatch.hpp"
#include "orchestrator/audit/sagas.hpp"
#include "orchestrator/audit/snapshot.hpp"
#include "orchestrator/audit/topics.hpp"

namespace skald::audit {
struct command_counts {
  std::int64_t implied = 0, read = 0;
  std::int64_t waiting = 0;         // in the outbox: not acknowledged, or not yet deleted
  std::int64_t not_provable = 0;    // not there, but Kafka has removed the beginning
  std::set<std::string> shortened;  // topics whose beginning Kafka has removed

  void add(const command_counts& of_a_slice);
};

class command_audit {
 public:
  // `until`: where Kafka ended before the snapshot was taken. What is behind may be of later.
  command_audit(snapshot&, const slice&, const stretches& until, mismatches&);

  // All commands' topics of these definitions, and the saga events'.
  static std::vector<std::string> topics(const snapshot&);

  void expect(const implied_record& r) { ledger_.expect(fingerprint(r.id, r.attempt)); }
  // After the last expect(). `now`: where Kafka ends by now, all of which take() is to see.
  void begin(const stretches& now);
  void take(const wire::record&);
  void end();
  // Names what is missing: the sagas once more. After end().
  bool any_missing() const { return ledger_.missing() > 0; }
  void name_missing(const saga_head&, const implied_record&);

  const command_counts& counts() const { return counts_; }

 private:
  bool removed_before(const implied_record&) const;

  bool is_ours(std::string_view id) const;

  snapshot& from_;
  const slice part_;
  const stretches& until_;
  stretches now_;
  mismatches& found_;
  ledger ledger_;
  command_counts counts_;
};
}  // namespace skald::audit
