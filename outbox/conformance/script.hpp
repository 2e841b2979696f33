// What the conformance kit must be told of a participant: which steps it serves, with which
// messages. A JSON file; docs/contract.md shows one.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace skald::conformance {
// A message: its full wire name, its data as JSON text, in which "{key}" stands for the business
// key.
struct message {
  std::string type, data;
  bool empty() const { return type.empty(); }
};

struct step {
  std::string name;
  message act;          // is done: answered ok
  std::string ok_type;  // of that answer; empty: not checked
  message decline;      // is declined; empty: the step never declines
  message undo;         // step-wide; for a pivot its fence
  message undo_named;   // an undo by name; empty: nothing of this step is undone by name
  bool pivot = false;
};

struct script {
  std::string participant;  // commands go to "<participant>.commands"
  std::string saga_type = "conformance";
  std::vector<step> steps;
};

// Throws bad_script with a sentence that names the place.
struct bad_script : std::runtime_error {
  using std::runtime_error::runtime_error;
};
script read_script(std::string_view json);
}  // namespace skald::conformance
