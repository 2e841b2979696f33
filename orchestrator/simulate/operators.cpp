#include "orchestrator/simulate/operators.hpp"

#include <algorithm>

#include "sagas/encoding.hpp"
#include "sagas/naive.hpp"

namespace skald::sim {
using machine::phase;
using machine::status;
using machine::surplus_state;

namespace {
constexpr int sagas_a_look = 8;
}

void operators::say(int saga, std::string_view action, int step, std::string_view occurrence,
                    bool in_books) {
  std::string json = "{\"action\":\"" + std::string(action) + "\"";
  if (step >= 0)
    json +=
        ",\"step\":\"" + std::string(w_.spec().steps[static_cast<std::size_t>(step)].name) + "\"";
  if (!occurrence.empty()) json += ",\"occurrence\":\"" + std::string(occurrence) + "\"";
  if (in_books) json += ",\"in_books\":true";
  if (w_.mix.happens(fault::operator_stale)) json += ",\"if_seq\":1";
  voice_.act(saga, json + "}");
}

void operators::look() {
  for (int i = 0; i < sagas_a_look; ++i) {
    const auto saga = static_cast<int>(w_.draw.below(w_.parties.size()));
    if (!w_.speaks(saga)) continue;
    if (w_.mix.happens(fault::operator_absurd)) absurd(saga);
    if (w_.mix.happens(fault::pauses)) {
      say(saga, "pause", -1, {}, false);
      w_.in(w_.draw.between(10, 100'000), [this, saga] { say(saga, "resume", -1, {}, false); });
    }
  }
  // His list: a saga with an item has a row of its own, or its shard has just begun.
  std::vector<std::string> waiting;
  for (const auto& shard : w_.database.tables.open)
    for (const auto& [no, facet] : shard)
      if (w_.mix.happens(fault::operator_acts))
        if (const auto* row = w_.database.tables.find_no(no)) waiting.push_back(row->key);
  int saga = -1;
  for (const auto& key : waiting)
    if (w_.party_of(key, &saga) && w_.speaks(saga)) see_to(saga);
}

bool operators::resume_all() {
  bool any = false;
  machine::saga state;
  for (std::size_t i = 0; i < w_.parties.size(); ++i)
    if (const auto* row = w_.database.tables.find(w_.parties[i].id))
      if (machine::decode(row->state, state).empty() && state.paused)
        say(static_cast<int>(i), "resume", -1, {}, false), any = true;
  return any;
}

bool operators::see_to_all() {
  bool any = false;
  for (std::size_t i = 0; i < w_.parties.size(); ++i) any |= see_to(static_cast<int>(i));
  return any;
}

bool operators::see_to(int saga) {
  const auto* row = w_.database.tables.find(w_.parties[static_cast<std::size_t>(saga)].id);
  machine::saga state;
  if (!row || !machine::decode(row->state, state).empty() || state.paused) return false;
  bool any = state.conflicts != 0;
  if (any) {
    w_.parties[static_cast<std::size_t>(saga)].seen_to |= state.conflicts;
    say(saga, "settle", -1, {}, false);
  }
  for (std::size_t i = 0; i < state.steps.size(); ++i)
    if (state.steps[i].status == status::to_operator) word_on_step(saga, i, state), any = true;
  for (const auto& x : state.surpluses)
    if (x.now == surplus_state::state::to_operator) word_on_surplus(saga, x), any = true;
  return any;
}

void operators::word_on_step(int saga, std::size_t step, const machine::saga& state) {
  const auto no = static_cast<int>(step);
  const bool pivot = w_.spec().steps[step].kind() == kind::pivot;
  if (w_.draw.below(2) == 0) return say(saga, "retry", no, {}, false);
  if (state.phase == phase::aborting) return decide(saga, "settle", step, {}, fence::state::undone);
  const auto& effects = w_.parties[static_cast<std::size_t>(saga)].books[step].effects;
  const bool done = std::any_of(effects.begin(), effects.end(),
                                [](const auto& e) { return e.now == effect::state::standing; });
  if (pivot && !done) return decide(saga, "not_done", step, {}, fence::state::fenced);
  decide(saga, "done", step, {}, fence::state::done);
}

void operators::decide(int saga, std::string_view action, std::size_t step,
                       std::string_view occurrence, fence::state to) {
  const auto no = static_cast<int>(step);
  if (w_.mix.happens(fault::operator_risks)) {  // no rule says more of this step
    w_.parties[static_cast<std::size_t>(saga)].seen_to |= static_cast<std::uint16_t>(1u << step);
    const bool pivot = w_.spec().steps[step].kind() == kind::pivot;
    if (pivot && action != "settle") action = w_.draw.below(2) == 0 ? "done" : "not_done";
    return say(saga, action, no, occurrence, false);
  }
  write_books(saga, step, occurrence, to);
  if (!w_.mix.happens(fault::operator_dies)) say(saga, action, no, occurrence, true);
}

void operators::word_on_surplus(int saga, const machine::surplus_state& x) {
  const auto& effects = w_.parties[static_cast<std::size_t>(saga)].books[x.step].effects;
  for (const auto& e : effects) {
    if (hash64(e.name) != x.occurrence) continue;
    const std::string name = e.name;
    if (w_.draw.below(2) == 0) return say(saga, "retry", x.step, name, false);
    return decide(saga, "settle", x.step, name, fence::state::undone);
  }
}

// Step-wide when no occurrence is named.
void operators::write_books(int saga, std::size_t step, std::string_view occurrence,
                            fence::state to) {
  if (machine::naive(machine::choice::settle_without_books)) return;
  auto& p = w_.parties[static_cast<std::size_t>(saga)];
  auto& books = p.books[step];
  std::string own_id;
  wire::append(own_id, {.saga = p.id, .step = w_.spec().steps[step].name});
  books.word = true;
  w_.tell(saga, [&] { return "the operator writes " + std::string(fence::name(to)); });
  fence::settle(books.memory,
                {.kind = wire::kind::settle, .occurrence = occurrence, .own_id = own_id}, to, {},
                {});
  if (to == fence::state::done) {
    const bool stands = std::any_of(books.effects.begin(), books.effects.end(),
                                    [](const auto& e) { return e.now == effect::state::standing; });
    if (!stands) books.effects.push_back({.name = "by-word", .by_word = true});
    return;
  }
  for (auto& e : books.effects)
    if (occurrence.empty() || e.name == occurrence) {
      e.now = effect::state::undone;
      e.by_word = true;
      fence::settle(books.memory,
                    {.kind = wire::kind::settle, .occurrence = e.name, .own_id = own_id}, to, {},
                    {});
    }
  if (occurrence.empty())  // of the whole step: nothing of it may come back
    for (auto& r : books.memory.rows) r.now = to;
}

void operators::absurd(int saga) {
  static constexpr const char* words[] = {"retry", "settle", "done",   "not_done",
                                          "pause", "resume", "cancel", "dance"};
  const auto step = static_cast<int>(w_.draw.below(w_.spec().steps.size() + 1)) - 1;
  const auto* word = words[w_.draw.below(std::size(words))];
  // A word on an effect that no books hold is risked: the rules then promise less.
  const std::string_view w = word;
  if (w == "settle" || w == "done" || w == "not_done")
    w_.parties[static_cast<std::size_t>(saga)].seen_to = 0xffff;  // whichever it meets
  say(saga, word, step, {}, false);
}
}  // namespace skald::sim
