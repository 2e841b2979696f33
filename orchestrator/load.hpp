// Load: the sagas of a batch that are not in memory, with one query.
//
// A saga that has only parked events pins its definition when it starts: then it is loaded by the
// active version, if that has the same steps up to the last one that an event is about.
#pragma once
#include <vector>

#include "orchestrator/catalog.hpp"
#include "orchestrator/input.hpp"
#include "orchestrator/live.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/payload.hpp"
#include "orchestrator/store.hpp"

namespace skald {
class loader {
 public:
  loader(store& from, catalog& known, saga_cache& into, metrics& counts)
      : store_(from), catalog_(known), cache_(into), metrics_(counts) {}

  // What this program must not judge: a row that is damaged, or one whose encoding or definition it
  // does not know, which a newer program wrote.
  struct unreadable {
    uuid id;
    std::int16_t shard = 0;
    bool newer = false;
    std::string why;  // one sentence
  };

  // Afterwards every input's saga is in the cache, has no row, or is among the answer's few. Throws
  // store_error. The answer lives until the next load.
  const std::vector<unreadable>& load(const std::vector<input>&);

 private:
  void restore(const saga_row&);
  const compiled* pinned_at_start(const saga_row&, const compiled&) const;

  store& store_;
  catalog& catalog_;
  saga_cache& cache_;
  metrics& metrics_;
  payload_reader payload_;
  std::vector<uuid> wanted_, starting_;
  std::vector<saga_row> rows_;
  std::vector<unreadable> unreadable_;
};
}  // namespace skald
