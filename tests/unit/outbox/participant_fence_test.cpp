// The table of semantics 4, cell by cell, on the pure rules.
#include <doctest/doctest.h>

#include "outbox/fence.hpp"

using namespace skald;
using fence::decision;
using fence::memory;
using fence::question;
using fence::state;
using what = fence::decision::what;

namespace {
const question act{.kind = wire::kind::do_, .own_id = "s/pay/do/0"};
const question undo{.kind = wire::kind::undo, .own_id = "s/pay/do/0"};
const question fence_of_pivot{.kind = wire::kind::undo, .own_id = "s/pay/do/0", .pivot = true};
question undo_named(std::string_view occurrence) {
  return {.kind = wire::kind::undo, .occurrence = occurrence, .own_id = "s/pay/do/0"};
}
memory remembered(state now, std::string effect = "") {
  return {.rows = {{.now = now,
                    .effect = std::move(effect),
                    .reply_type = "shop.Paid.v1",
                    .reply = R"({"id":"p-1"})",
                    .stored = true}}};
}
bool answers(const decision& d, wire::outcome o) {
  return d.act == what::answer && d.outcome == o;
}
}  // namespace

TEST_CASE("a do with nothing remembered runs; ok and declined are remembered") {
  memory m;
  CHECK(decide(m, act).act == what::run);
  SUBCASE("ok") {
    remember(m, wire::outcome::ok, "", "shop.Paid.v1", "{}");
    REQUIRE(m.find("") != nullptr);
    CHECK(m.find("")->now == state::done);
    CHECK(m.find("")->changed);
    CHECK(answers(decide(m, act), wire::outcome::ok));
  }
  SUBCASE("declined") {
    remember(m, wire::outcome::declined, "", "shop.Broke.v1", "{}");
    CHECK(answers(decide(m, act), wire::outcome::declined));
    CHECK(decide(m, act).remembered->reply_type == "shop.Broke.v1");
  }
  SUBCASE("retry: the caller remembers nothing, so it runs again") {
    CHECK(m.rows.empty());
    CHECK(decide(m, act).act == what::run);
  }
}

TEST_CASE("a repeated do gets the same reply; after its undo or a fence it is refused") {
  auto done = remembered(state::done), declined = remembered(state::declined),
       undone = remembered(state::undone), fenced = remembered(state::fenced);
  CHECK(answers(decide(done, act), wire::outcome::ok));
  CHECK(decide(done, act).remembered->reply == R"({"id":"p-1"})");
  CHECK(answers(decide(declined, act), wire::outcome::declined));
  CHECK(answers(decide(undone, act), wire::outcome::refused));
  CHECK(answers(decide(fenced, act), wire::outcome::refused));
}

TEST_CASE("a step-wide undo of nothing sets the fence without a handler") {
  memory m;
  const auto d = decide(m, undo);
  CHECK(d.act == what::undo);
  CHECK(d.effects.empty());
  remember_undone(m, undo);
  CHECK(m.find("")->now == state::fenced);
  CHECK(m.find("")->changed);
  CHECK(answers(decide(m, act), wire::outcome::refused));
  m.find("")->changed = false;
  CHECK(decide(m, undo).effects.empty());
  remember_undone(m, undo);
  CHECK_FALSE(m.find("")->changed);  // a repeat writes nothing
}

TEST_CASE("a step-wide undo of what is done undoes every effect in force, once") {
  auto m = remembered(state::done);
  m.rows.push_back({.occurrence = "p-2", .now = state::done, .stored = true});
  m.rows.push_back({.occurrence = "p-3", .now = state::undone, .stored = true});
  CHECK(decide(m, undo).effects.size() == 2);
  remember_undone(m, undo);
  CHECK(m.find("")->now == state::undone);
  CHECK(m.find("p-2")->now == state::undone);
  CHECK(decide(m, undo).effects.empty());
  CHECK(answers(decide(m, act), wire::outcome::refused));
}

TEST_CASE("a step-wide undo of what was declined sets the fence") {
  auto m = remembered(state::declined);
  CHECK(decide(m, undo).effects.empty());
  remember_undone(m, undo);
  CHECK(m.find("")->now == state::fenced);
  CHECK(answers(decide(m, act), wire::outcome::refused));
}

TEST_CASE("a pivot that is done stays done: its fence is answered ok with the same reply") {
  auto m = remembered(state::done);
  const auto d = decide(m, fence_of_pivot);
  CHECK(answers(d, wire::outcome::ok));
  CHECK(d.remembered->reply_type == "shop.Paid.v1");
  memory nothing;
  CHECK(decide(nothing, fence_of_pivot).act == what::undo);
  remember_undone(nothing, fence_of_pivot);
  CHECK(answers(decide(nothing, act), wire::outcome::refused));
}

TEST_CASE("an undo by name of an effect that is not in the books: handler, no fence") {
  memory m;
  const auto d = decide(m, undo_named("p-9"));
  CHECK(d.act == what::undo);
  REQUIRE(d.effects.size() == 1);
  CHECK(d.effects[0] == nullptr);
  remember_undone(m, undo_named("p-9"));
  CHECK(answers(decide(m, undo_named("p-9")), wire::outcome::undone));
  CHECK(decide(m, act).act == what::run);
  remember(m, wire::outcome::ok, "", "t", "{}");
  CHECK(decide(m, undo).effects.size() == 1);  // p-9 is undone already
}

TEST_CASE("an undo by name finds the do's effect by its name in the reply, or by the do's id") {
  for (const auto* name : {"p-1", "s/pay/do/0"}) {
    auto m = remembered(state::done, "p-1");
    const auto d = decide(m, undo_named(name));
    REQUIRE(d.effects.size() == 1);
    REQUIRE(d.effects[0] != nullptr);
    CHECK(d.effects[0]->reply == R"({"id":"p-1"})");
    remember_undone(m, undo_named(name));
    CHECK(m.rows.size() == 1);
    CHECK(m.find("")->now == state::undone);
    CHECK(answers(decide(m, undo_named(name)), wire::outcome::undone));
  }
}

TEST_CASE("an undo by name leaves the other effects in force") {
  auto m = remembered(state::done, "p-1");
  remember_undone(m, undo_named("p-2"));
  CHECK(m.find("")->now == state::done);
  CHECK(answers(decide(m, act), wire::outcome::ok));
}

TEST_CASE("a settle writes the row whatever it was") {
  memory m;
  const question word{.kind = wire::kind::settle, .own_id = "s/pay/do/0"};
  settle(m, word, state::fenced, "", "");
  CHECK(answers(decide(m, act), wire::outcome::refused));
  settle(m, word, state::done, "shop.Paid.v1", R"({"id":"by hand"})");
  CHECK(decide(m, act).remembered->reply == R"({"id":"by hand"})");
  settle(m, word, state::undone, "", "");
  CHECK(answers(decide(m, act), wire::outcome::refused));
  CHECK(m.rows.size() == 1);
}

TEST_CASE("every state has a name that reads back") {
  for (auto s : {state::done, state::declined, state::undone, state::fenced}) {
    state back{};
    CHECK(fence::read(name(s), back));
    CHECK(back == s);
  }
  state untouched = state::done;
  CHECK_FALSE(fence::read("", untouched));
  CHECK_FALSE(fence::read("gone", untouched));
}
