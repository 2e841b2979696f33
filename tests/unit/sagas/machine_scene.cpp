#include "machine_scene.hpp"

namespace skald::machine {
namespace {
constexpr command undo_command{.type = "test.Undo.v1", .participant = "other"};

skald::step basic(std::string_view name) {
  skald::step s;
  s.name = name;
  s.send = {.type = "test.Do.v1", .participant = "other"};
  s.done = "test.Done.v1";
  s.within = 1s;
  s.retry.times = 1;
  s.undo_retry.times = 1;
  s.stage = 0xff;
  return s;
}
}  // namespace

skald::step compensatable(std::string_view name) {
  auto s = basic(name);
  s.undo = undo_command;
  return s;
}

skald::step harmless_step(std::string_view name) {
  auto s = basic(name);
  s.undo = harmless;
  return s;
}

skald::step pivot(std::string_view name) {
  auto s = basic(name);
  s.undo = irreversible;
  s.fence = undo_command;
  return s;
}

skald::step retriable_step(std::string_view name) {
  auto s = basic(name);
  s.undo = retriable;
  return s;
}

skald::step await_step(std::string_view name, unclaimed strangers) {
  auto s = compensatable(name);
  s.send = {};
  s.await.event = "payment.Completed.v1";
  s.await.topic = "payment.events";
  s.await.unclaimed = strangers;
  return s;
}

skald::step guarded(skald::step s) {
  s.when.tokens.push({.kind = token::type::literal, .fixed = {.kind = value::type::boolean}});
  return s;
}

skald::step unfenced(skald::step s) {
  s.no_fence = true;
  s.fence = {};
  return s;
}

skald::step with_previous(skald::step s) {
  s.stage = 0xfe;
  return s;
}

definition saga_of(std::initializer_list<skald::step> steps) {
  definition d;
  d.name = "test";
  d.version = 1;
  d.parking = 1min;
  std::uint8_t stage = 0;
  for (auto step : steps) {
    if (!d.steps.empty() && step.stage != 0xfe) ++stage;
    step.stage = stage;
    d.steps.push(step);
  }
  return d;
}

definition vending() {
  return saga_of({compensatable("reserve"), compensatable("charge"), pivot("dispense"),
                  retriable_step("receipt")});
}

definition customer_pays() {
  return saga_of({compensatable("reserve"), await_step("pay"), pivot("dispense")});
}

definition pair() {
  return saga_of({compensatable("hotel"), with_previous(compensatable("flight"))});
}

definition no_pivot() {
  return saga_of({compensatable("charge"), retriable_step("notify")});
}

definition unfenced_pivot() {
  return saga_of({compensatable("charge"), unfenced(pivot("dispense"))});
}

scene& scene::play(const definition& of) {
  d = of;
  s = {};
  return *this;
}

scene& scene::on(event e) {
  e.at_ms = now_ms;
  actions.clear();
  last = step(d, s, e, *this, actions);
  const char* broken = broken_invariant(d, s);
  CHECK_MESSAGE(broken == nullptr, std::string(broken ? broken : ""));
  return *this;
}

scene& scene::start() {
  return on({.kind = event_kind::start});
}
scene& scene::ok(std::uint8_t step, std::uint64_t occurrence) {
  return on({.kind = event_kind::ok, .step = step, .occurrence = occurrence});
}
scene& scene::declined(std::uint8_t step, std::uint64_t occurrence) {
  return on({.kind = event_kind::declined, .step = step, .occurrence = occurrence});
}
scene& scene::refused(std::uint8_t step) {
  return on({.kind = event_kind::refused, .step = step});
}
scene& scene::retry(std::uint8_t step, std::uint16_t n, std::int64_t after_ms) {
  return on({.kind = event_kind::retry, .step = step, .n = n, .after_ms = after_ms});
}
scene& scene::undone(std::uint8_t step) {
  return undone(step, s.steps[step].undo_n);
}
scene& scene::undone(std::uint8_t step, std::uint16_t n) {
  return on({.kind = event_kind::undone, .step = step, .n = n});
}
scene& scene::timer(std::uint8_t step) {
  return on({.kind = event_kind::timer, .step = step, .arm = s.steps[step].arm});
}

scene& scene::surplus_timer(std::uint8_t step, std::uint64_t occurrence) {
  event e{.kind = event_kind::timer, .step = step, .occurrence = occurrence};
  for (auto& x : s.surpluses)
    if (x.step == step && x.occurrence == occurrence) e.arm = x.arm;
  return on(e);
}

scene& scene::exhaust(std::uint8_t step) {
  const auto before = at(step);
  for (int i = 0; i < 10 && at(step) == before && s.steps[step].due_ms != 0; ++i) timer(step);
  return *this;
}

scene& scene::exhaust_surplus(std::uint8_t step, std::uint64_t occurrence) {
  return surplus_timer(step, occurrence).surplus_timer(step, occurrence);
}

scene& scene::say(event_kind kind) {
  return on({.kind = kind});
}
scene& scene::op(event_kind kind, std::uint8_t step, bool in_books, std::uint64_t occurrence) {
  return on({.kind = kind, .step = step, .occurrence = occurrence, .in_books = in_books});
}

std::string scene::sent() const {
  constexpr const char* names[] = {"do",        "undo",    "undo",  "fence", "started",
                                   "completed", "aborted", "stuck", "step"};
  std::string out;
  for (auto& a : actions) {
    if (!out.empty()) out += ", ";
    out += names[static_cast<int>(a.kind)];
    if (a.step != whole_saga) out += " " + std::to_string(a.step);
    if (a.n != 0) out += "#" + std::to_string(a.n);
    if (a.kind == action_kind::send_undo_named) out += "@" + std::to_string(a.occurrence);
  }
  return out;
}

std::vector<cell>& cells_with_a_test() {
  static std::vector<cell> all;
  return all;
}
}  // namespace skald::machine
