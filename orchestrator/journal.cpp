#include "orchestrator/journal.hpp"

namespace skald {
using machine::event_kind;

journal_event to_journal(const machine::event& e) {
  journal_event row{static_cast<std::uint8_t>(e.kind), e.step, e.in_books ? 1 : 0, e.occurrence};
  switch (e.kind) {
    case event_kind::undone:
    case event_kind::refused:
      row.number = e.n;
      break;
    case event_kind::timer:
      row.number = e.arm;
      break;
    case event_kind::retry:
      row.number = static_cast<std::int32_t>(e.after_ms);
      row.occurrence = e.n;
      break;
    default:
      break;
  }
  return row;
}

machine::event from_journal(const journal_event& row, std::int64_t at_ms) {
  machine::event e;
  if (row.kind <= static_cast<std::uint8_t>(event_kind::op_not_done))
    e.kind = static_cast<event_kind>(row.kind);
  e.step = row.step;
  e.occurrence = row.occurrence;
  e.at_ms = at_ms;
  switch (e.kind) {
    case event_kind::undone:
    case event_kind::refused:
      e.n = static_cast<std::uint16_t>(row.number);
      break;
    case event_kind::timer:
      e.arm = static_cast<std::uint16_t>(row.number);
      break;
    case event_kind::retry:
      e.after_ms = row.number;
      e.n = static_cast<std::uint16_t>(row.occurrence);
      e.occurrence = 0;
      break;
    default:
      e.in_books = row.number == 1;
      break;
  }
  return e;
}
}  // namespace skald
