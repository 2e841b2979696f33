#include "machine_random.hpp"

namespace skald::machine {
std::vector<definition> many_definitions() {
  auto strict = vending();
  strict.strict_order = true;
  strict.deadline = 5s;
  auto at_once = saga_of({compensatable("a"), compensatable("b"), compensatable("c")});
  at_once.parallel_undo = true;
  auto weak = saga_of({unfenced(compensatable("a")), unfenced(compensatable("b")),
                       unfenced(pivot("p")), retriable_step("r")});
  weak.publish = publish::steps;
  auto trip = saga_of({compensatable("hotel"), with_previous(compensatable("flight")),
                       with_previous(await_step("pay")), pivot("book"), retriable_step("mail"),
                       with_previous(retriable_step("points"))});
  trip.deadline = 9s;
  auto policies = saga_of({compensatable("a"), compensatable("b"), await_step("c"), pivot("p")});
  policies.steps[0].surplus = surplus::to_operator;
  policies.steps[1].surplus = surplus::ignore;
  return {vending(),
          customer_pays(),
          no_pivot(),
          unfenced_pivot(),
          strict,
          at_once,
          weak,
          trip,
          policies,
          saga_of({guarded(compensatable("a")), guarded(await_step("b", unclaimed::ignore)),
                   guarded(pivot("p")), guarded(retriable_step("r"))}),
          saga_of({harmless_step("look"), await_step("pay", unclaimed::ignore), retriable_step("a"),
                   retriable_step("b")}),
          saga_of({pivot("only")}),
          saga_of({retriable_step("only")})};
}

event random_events::next(const scene& on) {
  if (below(40) == 0) return absurd();
  if (below(12) == 0)
    return {.kind = static_cast<event_kind>(static_cast<int>(event_kind::cancel) + below(5))};
  if (below(6) == 0) return {.kind = event_kind::start};
  if (const auto& extra = on.s.surpluses; !extra.empty() && below(4) == 0) {
    const auto& x = extra[below(extra.size())];
    const event_kind kinds[] = {event_kind::timer, event_kind::undone, event_kind::op_retry,
                                event_kind::op_settle, event_kind::retry};
    event e{.kind = kinds[below(5)], .step = x.step, .n = x.n, .arm = x.arm};
    e.in_books = below(2);
    if (e.kind != event_kind::undone && e.kind != event_kind::retry) e.occurrence = x.occurrence;
    return e;
  }
  return likely(on, static_cast<std::uint8_t>(below(on.d.steps.size())));
}

event random_events::likely(const scene& on, std::uint8_t step) {
  const auto& st = on.s.steps.items[step];
  switch (below(10)) {
    case 0:
    case 1:
    case 2:
      return {.kind = event_kind::ok, .step = step, .occurrence = 1 + below(3)};
    case 3:
      return {.kind = event_kind::declined, .step = step, .occurrence = 1 + below(3)};
    case 4:
      return {.kind = event_kind::refused, .step = step};
    case 5: {
      const std::uint16_t n = below(2) ? st.undo_n : 0;
      return {.kind = event_kind::retry, .step = step, .n = n, .after_ms = 30};
    }
    case 6:
      return {.kind = event_kind::undone, .step = step, .n = st.undo_n};
    case 7:
    case 8:
      return {.kind = event_kind::timer, .step = step, .arm = st.arm};
    default:
      break;
  }
  const auto word = static_cast<int>(event_kind::op_retry) + static_cast<int>(below(4));
  return {.kind = static_cast<event_kind>(word),
          .step = below(8) ? step : whole_saga,
          .in_books = below(2) == 0};
}

event random_events::absurd() {
  event e{.kind = static_cast<event_kind>(below(16))};
  e.step = static_cast<std::uint8_t>(bits_());
  e.n = static_cast<std::uint16_t>(bits_());
  e.arm = static_cast<std::uint16_t>(bits_());
  e.occurrence = below(2) ? 0 : bits_();
  e.after_ms = static_cast<std::int64_t>(bits_());
  return e;
}
}  // namespace skald::machine
