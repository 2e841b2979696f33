// The fence: what a participant remembers of one (saga, step), and what that memory says to the
// next message. The table of docs/contract.md, cell by cell. Pure: no database, no handler.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/wire.hpp"

namespace skald::fence {
using std::string_view;

enum class state : std::uint8_t { done, declined, undone, fenced };
string_view name(state);
bool read(string_view, state&);

// One row of table fence. Occurrence '' is what the step's own command did, and the fence.
struct row {
  std::string occurrence;
  fence::state now = state::done;
  std::string effect;  // what the reply called the effect; '' = it has no other name
  std::string reply_type, reply;
  bool stored = false;   // it is in the table already
  bool changed = false;  // to be written
};

// All rows of one (saga, step).
struct memory {
  std::vector<row> rows;

  row* find(string_view occurrence);
};

struct question {
  wire::kind kind = wire::kind::do_;  // do_, undo or settle
  string_view occurrence;             // not empty: an undo by name
  string_view own_id;                 // id of the step's command: also a name of what it did
  bool pivot = false;                 // the undo's type is a fence: what is done stays done
};

// What to do with a message. `run`: call the handler of the command. `undo`: call the handler of
// the undo for each of `effects`; a null one is named by the message and not in the books.
// `answer`: say `outcome` again, with the reply of `remembered` when there is one.
struct decision {
  enum class what : std::uint8_t { run, undo, answer } act = what::answer;
  wire::outcome outcome = wire::outcome::none;
  const row* remembered = nullptr;
  std::vector<const row*> effects;
};
decision decide(memory&, const question&);

// Called after the command's handler, never for `retry`: retry is not remembered.
void remember(memory&, wire::outcome, string_view effect, string_view reply_type,
              string_view reply);
// Called after the undo's handler has undone all of the decision's effects.
void remember_undone(memory&, const question&);
// An operator's word: the row becomes `to`, whatever it was; no handler runs.
const row& settle(memory&, const question&, state to, string_view reply_type, string_view reply);
}  // namespace skald::fence
