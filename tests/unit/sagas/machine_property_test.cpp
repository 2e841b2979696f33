// What must hold whatever comes: random definitions' shapes, random events, seeded.
#include <map>
#include <set>

#include "machine_random.hpp"
#include "sagas/encoding.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
constexpr std::uint64_t runs_of_each = 150;
constexpr int events_of_each = 60;

std::string without_count(machine::saga s) {
  s.recorded = 0;
  return encode(s);
}

bool is_undo(const action& a) {
  return a.kind == action_kind::send_undo || a.kind == action_kind::send_undo_named ||
         a.kind == action_kind::send_fence;
}

// Every n of a step is one undo: the same command and occurrence whenever it is sent.
struct sent_undos {
  std::map<std::pair<int, int>, std::pair<action_kind, std::uint64_t>> by_number;
  bool add(const action& a) {
    if (!is_undo(a)) return true;
    const std::pair what{a.kind, a.occurrence};
    return a.n != 0 && by_number.emplace(std::pair{a.step, a.n}, what).first->second == what;
  }
};

void check_one_event(scene& on, const event& e, sent_undos& undos) {
  const auto before = on.s;
  on.on(e);
  const bool forward =
      on.s.phase == phase::running || before.phase == phase::running || before.phase == phase::none;
  for (auto& a : on.actions) {
    CHECK((a.kind != action_kind::send_do || forward));
    CHECK(undos.add(a));
  }
  if (!on.last.changed) {
    CHECK(on.actions.empty());
    CHECK((before.steps.count == 0 || without_count(before) == without_count(on.s)));
  }
  const bool ended = before.phase == phase::completed;
  CHECK((!ended || on.s.phase == phase::completed));  // nothing leaves COMPLETED
}

// Nobody answers any more: timers alone must bring it to its end, or to the operator.
void check_it_cannot_hang(scene& on) {
  if (on.s.paused) on.say(event_kind::resume);
  std::vector<event> due;
  for (int i = 0; i < 400 && next_due_ms(on.s) != 0; ++i) {
    on.now_ms = next_due_ms(on.s);
    due.clear();
    due_events(on.s, on.now_ms, due);
    REQUIRE_FALSE(due.empty());
    on.on(due.front());
  }
  CHECK(next_due_ms(on.s) == 0);
  CHECK((finished(on.s) || item_open(on.s)));
}
}  // namespace

TEST_CASE("random events: invariants hold, nothing hangs, unchanged means unchanged") {
  std::set<std::uint16_t> seen;
  const auto definitions = many_definitions();
  for (std::size_t k = 0; k < definitions.size(); ++k)
    for (std::uint64_t seed = 0; seed < runs_of_each; ++seed) {
      CAPTURE(k);
      CAPTURE(seed);
      random_events world(seed * 1000 + k);
      scene on(definitions[k]);
      on.false_guards = static_cast<std::uint16_t>(world.below(16));
      sent_undos undos;
      for (int i = 0; i < events_of_each; ++i) {
        on.now_ms += static_cast<std::int64_t>(world.below(700));
        check_one_event(on, world.next(on), undos);
        seen.insert(on.last.cell);
      }
      check_it_cannot_hang(on);
    }
  MESSAGE("clauses that random events reached: " << seen.size() << " of " << cells);
  CHECK(seen.size() > cells * 8 / 10);
}

TEST_CASE("a saga that was stored and read again decides alike") {
  const auto definitions = many_definitions();
  for (std::size_t k = 0; k < definitions.size(); ++k)
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      random_events world(seed * 77 + k);
      scene kept(definitions[k]), stored(definitions[k]);
      for (int i = 0; i < events_of_each; ++i) {
        const auto e = world.next(kept);
        kept.on(e);
        stored.on(e);
        REQUIRE(kept.actions == stored.actions);
        REQUIRE(kept.last.cell == stored.last.cell);
        machine::saga read;
        REQUIRE(decode(encode(stored.s), read).empty());
        stored.s = read;
      }
    }
}

TEST_CASE("jitter shortens a pause by at most its percentage, and never lengthens it") {
  auto d = vending();
  d.steps[0].retry = {.times = 5, .first = 1000ms, .factor = 3, .cap = 4s, .jitter_percent = 20};
  const std::int64_t pauses[] = {0, 1000, 3000, 4000, 4000, 4000};
  std::set<std::int64_t> different;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    scene on(d);
    on.s.jitter_seed = seed;
    on.start();
    for (auto pause : pauses) {
      const auto wait = on.s.steps[0].due_ms - on.now_ms;
      CHECK(wait <= 1000 + pause);
      CHECK(wait >= 1000 + pause * 8 / 10);
      different.insert(wait);
      on.timer(0);
    }
    CHECK(on.s.phase == phase::aborting);
  }
  CHECK(different.size() > 50);
}
