// Do the participants' own books agree with the sagas' outcomes? Completed: exactly the effects of
// the steps that are done. Aborted: nothing stands.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/audit/mismatch.hpp"
#include "orchestrator/audit/snapshot.hpp"
#include "outbox/postgres/connection.hpp"
#include "sagas/machine.hpp"

namespace skald::audit {
struct participant_access {
  std::vector<std::string> names;  // of participants that share the table fence
  std::string url, schema;         // schema: empty: as the URL and the server say
};

// How much of one step is in effect: as the finished sagas say, and as the books of these sagas.
struct step_total {
  std::int64_t done = 0, standing = 0;
};

class book_audit {
 public:
  static constexpr std::size_t sagas_a_question = 1'000;

  book_audit(const participant_access&, const snapshot&, mismatches&);

  void take(const saga_head&);
  void finish(const std::string& postgres, std::int64_t fence_retention_ms);

  // By "<definition>/<step>".
  const std::map<std::string, step_total>& totals() const { return totals_; }
  std::int64_t rows() const { return rows_; }

 private:
  struct row {
    std::string step, occurrence, state;
  };
  struct subject {
    saga_head head;
    machine::saga state;
  };
  void ask();
  void judge(const subject&, const std::vector<row>&);
  void judge_step(const subject&, std::uint8_t step, const std::vector<row>& of_step);
  void judge_undone(const subject&, std::uint8_t step, std::uint64_t occurrence,
                    const std::vector<row>& of_step);
  void find_strangers(const std::string& postgres, std::int64_t fence_retention_ms);
  void judge_totals();
  bool is_ours(std::string_view participant) const;
  void add(const subject&, std::string_view kind, std::string what);

  const participant_access access_;
  const snapshot& from_;
  mismatches& found_;
  pg::connection db_;
  std::vector<subject> subjects_;
  std::map<std::string, step_total> totals_;
  std::int64_t rows_ = 0;
};
}  // namespace skald::audit
