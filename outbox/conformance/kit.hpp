// The conformance kit: does a participant keep the contract? It talks only Kafka, in any language's
// participant, and reports each rule kept or broken with the bytes that show it.
#pragma once
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "outbox/conformance/desk.hpp"
#include "outbox/conformance/script.hpp"

namespace skald::conformance {
struct finding {
  std::string rule, step;  // "P2 a repeated do ...", the step it was tried on
  bool kept = false;
  bool tried = true;     // false: it needs a restart, and nobody restarts
  std::string sentence;  // what was wrong
  std::string bytes;     // the letters that show it
};

struct kit_settings {
  desk_settings desk;  // command_topic is filled from the script when it is empty
  std::string run;     // part of all keys; another one for each run against the same tables
  std::string topic_prefix;
  // Asks for the participant to be restarted and returns when it was; none: those rules are
  // reported as not tried.
  std::function<void()> restart;
  std::function<void(const finding&)> found;  // told of each, as it is found; may be empty
};

// Throws log_error when Kafka cannot be used.
std::vector<finding> test_participant(const script&, kit_settings);

// Of those that were tried.
bool all_kept(const std::vector<finding>&);
void print(std::ostream&, const finding&);
}  // namespace skald::conformance
