// What changed between two definitions, and what that means for sagas.
#pragma once
#include <string>
#include <vector>

#include "skald/model.hpp"

namespace skald {
struct difference {
  std::string at;             // JSON Pointer, in `after` where the place is there, else in `before`
  std::string before, after;  // JSON; empty: it is not there
  std::string meaning;        // a sentence for who activates the new version
};

// Steps are matched by name; inside a member the smallest places that differ are listed. Defaults
// that are left out and written out are the same.
std::vector<difference> differences(const definition& before, const definition& after);

// For people: each place with `-` (gone), `+` (new) or `~`, what it was and is, and what that
// means; then the effect on running sagas. Lines of at most 100 columns; long values are cut.
std::string to_text(const definition& before, const definition& after);

// What activating `after` does to the sagas that already run `before`.
std::string effect_on_running(const definition& before, const definition& after);
}  // namespace skald
