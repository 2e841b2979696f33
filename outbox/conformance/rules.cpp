#include "outbox/conformance/rules.hpp"

namespace skald::conformance {
namespace {
using wire::outcome;
using settings = kit_settings;

bool always(const step&) {
  return true;
}
bool declines(const step& s) {
  return !s.decline.empty();
}
bool undoable(const step& s) {
  return !s.pivot;
}
bool is_pivot(const step& s) {
  return s.pivot;
}
bool named(const step& s) {
  return !s.undo_named.empty();
}

void does(trial& t, const settings&) {
  const auto done = t.expect(t.act(), outcome::ok, "the do");
  if (!t.step().ok_type.empty() && done.header("ce_type") != t.step().ok_type)
    throw broken("the do must be answered with type " + t.step().ok_type, to_text(done));
}

void repeats(trial& t, const settings&) {
  const auto first = t.expect(t.act(), outcome::ok, "the do");
  t.expect_same(first, t.ask(t.act()), "a do that comes a second time");
  t.expect_same(first, t.ask(t.act(7)), "a do that comes as attempt 7");
}

void answers_doubles(trial& t, const settings&) {
  const auto act = t.act();
  t.send(act);
  t.send(act);
  const auto first = t.expect_answer(act, outcome::ok, "the do");
  t.expect_same(first, t.answer(act), "a do that comes twice at once");
}

void remembers_decline(trial& t, const settings&) {
  const auto first = t.expect(t.decline(), outcome::declined, "the do that is to be declined");
  t.expect_same(first, t.ask(t.decline()), "a declined do that comes again");
}

void undoes(trial& t, const settings&) {
  t.expect(t.act(), outcome::ok, "the do");
  t.expect(t.undo(1), outcome::undone, "the undo");
  t.expect(t.undo(1), outcome::undone, "an undo that comes a second time");
  t.expect(t.undo(2), outcome::undone, "another undo of what is undone");
}

void refuses_after_undo(trial& t, const settings&) {
  t.expect(t.act(), outcome::ok, "the do");
  t.expect(t.undo(), outcome::undone, "the undo");
  t.expect(t.act(2), outcome::refused, "a do that comes late, after it was undone,");
}

void fences(trial& t, const settings&) {
  t.expect(t.undo(), outcome::undone, "an undo of what was never done");
  t.expect(t.act(), outcome::refused, "the do that comes after its undo");
  t.expect(t.act(2), outcome::refused, "the same do again");
  t.expect(t.undo(), outcome::undone, "the undo again");
}

void fences_declined(trial& t, const settings&) {
  t.expect(t.decline(), outcome::declined, "the do that is to be declined");
  t.expect(t.undo(), outcome::undone, "the undo of what was declined");
  t.expect(t.decline(), outcome::refused, "the declined do that comes after its undo");
}

void keeps_pivot(trial& t, const settings&) {
  const auto done = t.expect(t.act(), outcome::ok, "the do");
  t.expect_same(done, t.ask(t.undo()), "the fence of what is done");
  t.expect_same(done, t.ask(t.act(2)), "the do after a fence that came too late");
}

void takes_burst(trial& t, const settings&) {
  const auto act = t.act(), undo = t.undo();
  for (const auto* l : {&act, &act, &undo, &act, &undo}) t.send(*l);
  const auto first = t.expect_answer(act, outcome::ok, "the first of a burst");
  t.expect_same(first, t.answer(act), "the second do of a burst");
  t.expect_answer(undo, outcome::undone, "the undo in a burst");
  t.expect_answer(act, outcome::refused, "the do behind the undo in a burst");
  t.expect_answer(undo, outcome::undone, "the second undo in a burst");
}

void undoes_named(trial& t, const settings&) {
  const auto undo = t.undo_named("another effect of " + t.act_id());
  t.expect(undo, outcome::undone, "an undo by name of what is not in the books");
  t.expect(undo, outcome::undone, "the same undo by name again");
  t.expect(t.act(), outcome::ok,
           "a do after an undo by name of something else (it fences nothing)");
}

void undoes_own_named(trial& t, const settings&) {
  t.expect(t.act(), outcome::ok, "the do");
  t.expect(t.undo_named(t.act_id(), 1), outcome::undone, "an undo by name of what the do did");
  t.expect(t.undo_named(t.act_id(), 1), outcome::undone, "the same undo by name again");
  t.expect(t.act(2), outcome::refused, "the do after its effect was undone by name");
}

void settles_fenced(trial& t, const settings&) {
  t.expect(t.settle("fenced", 1), outcome::undone, "a settle to fenced");
  t.expect(t.act(), outcome::refused, "the do after a settle to fenced");
}

void settles_undone(trial& t, const settings&) {
  t.expect(t.act(), outcome::ok, "the do");
  t.expect(t.settle("undone", 1), outcome::undone, "a settle to undone");
  t.expect(t.act(2), outcome::refused, "the do after a settle to undone");
  t.expect(t.undo(1), outcome::undone, "the undo after a settle to undone");
}

void settles_done(trial& t, const settings&) {
  const auto word = t.expect(t.settle("done", 1), outcome::ok, "a settle to done");
  t.expect_same(word, t.ask(t.act()), "the do after a settle to done");
}

// An operator's last word counts: a settle is written over whatever the books say.
void settles_again(trial& t, const settings&) {
  const auto first = t.expect(t.act(), outcome::ok, "the do");
  t.expect(t.settle("fenced", 1), outcome::undone, "a settle to fenced of what is done");
  t.expect(t.act(2), outcome::refused, "the do after a settle to fenced of what was done");
  const auto word = t.expect(t.settle("done", 2), outcome::ok, "another settle, to done,");
  t.expect_same(first, word, "a settle to done of what was settled otherwise");
  t.expect_same(first, t.ask(t.act(3)), "the do after a settle back to done");
}

// Records that are no commands, then a command: it must be answered all the same.
void survives_poison(trial& t, const settings&) {
  const auto good = t.act();
  auto poison = [&](auto change) {
    auto l = good;
    change(l);
    t.out().send(l);
  };
  poison([](letter& l) { l.headers.clear(); });
  poison([](letter& l) { l.value = "{\"order_id\":"; });
  poison([](letter& l) { l.value = std::string("\x00\xff\xfe", 3); });
  poison([](letter& l) { l.value = std::string(20'000, '['); });
  poison([](letter& l) { l.value.clear(); });
  const owned_headers bad_headers{{"ce_type", "conformance.NobodyKnowsThis.v1"},
                                  {"ce_id", "not an id"},
                                  {"ce_sagakind", "dance"},
                                  {"ce_correlationid", "not a uuid"},
                                  {"ce_sagastep", std::string("\xff\x00", 2)}};
  for (const auto& bad : bad_headers)
    poison([&](letter& l) {
      for (auto& h : l.headers)
        if (h.first == bad.first) h = bad;
    });
  t.expect(good, outcome::ok, "a do behind records that make no sense");
}

void survives_restart(trial& t, const settings& k) {
  const auto first = t.expect(t.act(), outcome::ok, "the do");
  k.restart();
  t.expect_same(first, t.ask_after_crash(t.act(2)), "a do that comes again after a restart");
  t.expect(t.undo(), t.step().pivot ? outcome::ok : outcome::undone, "the undo after a restart");
}

constexpr rule all[] = {
    {"a do is answered ok, with P1's headers", always, does},
    {"P2 a do that comes again has the same reply", always, repeats},
    {"P2 a do that comes twice at once takes effect once", always, answers_doubles},
    {"P2 a declined do stays declined", declines, remembers_decline},
    {"P3 an undo before its do bars it", always, fences},
    {"P3 an undo bars a declined do too", declines, fences_declined},
    {"P3 a do after its undo is refused", undoable, refuses_after_undo},
    {"P3 a pivot that is done stays done, and its fence says so", is_pivot, keeps_pivot},
    {"P4 an undo is idempotent", undoable, undoes},
    {"commands of one key are answered in their order", undoable, takes_burst},
    {"an undo by name undoes just that and fences nothing", named, undoes_named},
    {"an undo by name of the do's own effect undoes it", named, undoes_own_named},
    {"a settle to fenced bars the do", always, settles_fenced},
    {"a settle to undone is remembered", undoable, settles_undone},
    {"a settle to done is remembered", always, settles_done},
    {"a settle is written over what is there", always, settles_again},
    {"what makes no sense is passed over", always, survives_poison},
    {"what was answered survives a restart", always, survives_restart, true},
};
}  // namespace

std::span<const rule> rules() {
  return all;
}
}  // namespace skald::conformance
