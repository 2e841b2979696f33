#include "orchestrator/journal.hpp"

#include <doctest/doctest.h>

using namespace skald;
using machine::event_kind;

TEST_CASE("every event of the engine survives the columns of the journal") {
  for (int k = 0; k <= static_cast<int>(event_kind::op_not_done); ++k) {
    machine::event e;
    e.kind = static_cast<event_kind>(k);
    e.step = 3;
    e.at_ms = 1'700'000'000'123;
    switch (e.kind) {
      case event_kind::undone:
      case event_kind::refused:
        e.n = 7;
        break;
      case event_kind::timer:
        e.arm = 65'535, e.occurrence = ~0ull;
        break;
      case event_kind::retry:
        e.n = 2, e.after_ms = 86'400'000;
        break;
      case event_kind::op_settle:
      case event_kind::op_done:
        e.in_books = true, e.occurrence = 5;
        break;
      default:
        e.occurrence = 9;
        break;
    }
    CAPTURE(k);
    CHECK(from_journal(to_journal(e), e.at_ms) == e);
  }
}

TEST_CASE("a kind that does not exist is read as something harmless") {
  CHECK(from_journal({200, 255, 1, 1}, 5).kind == event_kind::start);
}
