// A participant in memory that keeps the contract, or breaks exactly one rule of it: what the
// conformance kit must catch. Independent of skald's own participant library.
#pragma once
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "outbox/ids.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/wire.hpp"

namespace skald::test {
enum class mistake {
  none,
  acts_again,              // a repeated do takes effect again
  forgets_declined,        // a declined do is done when it comes again
  no_fence,                // an undo of nothing is not remembered
  does_after_undo,         // a do after its undo takes effect
  declines_undo,           // an undo of what is undone is declined
  gives_up_pivot,          // the fence of a done pivot is answered undone
  named_undo_fences,       // an undo by name bars the do
  ignores_name,            // an undo by name of the do's effect is not remembered
  ignores_settle,          // a settle is not answered
  settle_not_remembered,   // a settle is answered and forgotten
  settle_reopens_nothing,  // what is fenced stays so, whatever a settle says
  drops_saga_headers,      // P1: only the headers it knows
  no_token,                // P1
  other_key,               // P1: the saga's id as key
  own_partitioner,         // P1: always partition 0
  own_cause,               // ce_causationid is not the command's id
  id_of_command,           // ce_id is the command's
  no_json,                 // the value is not JSON
  retries_for_ever,        // remembers its retry
  stops_at_poison,         // never reads on behind what it cannot read
  answers_poison,          // declines what it cannot read, in the command's name
  copies_attempt_of_first  // a repeat carries the first attempt's headers
};

class memory_participant {
 public:
  memory_participant(std::string bootstrap, std::string topic, mistake);
  ~memory_participant();

 private:
  struct remembered {
    std::string state, type, data;  // state: done, declined, undone, fenced
    std::string attempt;
  };
  struct answer {
    wire::outcome outcome = wire::outcome::none;
    std::string type = "skald.reply.v1", data = "{}", attempt;
  };
  bool is(mistake m) const { return mistake_ == m; }
  void run();
  void take(const wire::record&);
  answer decide(const wire::envelope&, std::string_view data);
  answer act(remembered*, const std::string& at, const wire::envelope&, std::string_view data);
  answer undo(remembered*, const std::string& at, const wire::envelope&);
  answer settle(const std::string& at, std::string_view data);
  void reply(const wire::record&, const wire::envelope&, const answer&);

  std::string topic_;
  mistake mistake_;
  std::unique_ptr<log_writer> writer_;
  std::unique_ptr<log_reader> reader_;
  std::map<std::string, remembered> books_;  // by saga/step/occurrence
  int effects_ = 0;
  bool stuck_ = false;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};
}  // namespace skald::test
