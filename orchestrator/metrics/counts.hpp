// Series that one worker has found for the hot path. One thread; the series themselves are shared.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/compiled.hpp"
#include "orchestrator/metrics.hpp"

namespace skald {
struct step_counts {
  counter &attempts, &timeouts, &compensations, &failures, &impossible;
  histogram &ok, &declined;
};
struct definition_counts {
  counter &started, &completed, &aborted;
  histogram &completed_after, &aborted_after;
  std::vector<step_counts> steps;
};

class saga_counts {
 public:
  explicit saga_counts(metrics& m) : metrics_(m) {}
  const definition_counts& of(const compiled&);

 private:
  metrics& metrics_;
  std::vector<std::unique_ptr<definition_counts>> by_no_;
};

// Why a record went to quarantine, as the label says it.
enum class quarantine_reason : std::uint8_t {
  unreadable,    // headers, key or data are not what the contract says
  not_believed,  // its token is false
  unknown,       // it names a saga or a definition that is not there
  no_key,        // an event without the business key
  too_much,      // a bound of one saga is reached
  damaged,       // the saga's row cannot be read
  unsendable     // Kafka will never take it
};

struct message_counts {
  counter &consumed, &duplicate, &late, &conflict, &unmatched, &misrouted;
  std::array<counter*, 7> quarantined;  // by quarantine_reason; all there from the first record
};

// The counts of the topic that was asked for last are found without a search.
class topic_counts {
 public:
  explicit topic_counts(metrics& m) : metrics_(m) {}
  const message_counts& of(std::string_view topic);
  void quarantined(std::string_view topic, quarantine_reason why) {
    of(topic).quarantined[static_cast<std::size_t>(why)]->add();
  }

 private:
  struct entry {
    std::string topic;
    message_counts counts;
  };
  metrics& metrics_;
  std::vector<std::unique_ptr<entry>> all_;  // few: the topics that are read
  const entry* last_ = nullptr;
};
}  // namespace skald
