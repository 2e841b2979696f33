// Participants by the contract of docs/semantics.md 4, and what they do when it is lacking.
#include <algorithm>

#include "sagas/explore/world.hpp"

namespace skald::explore {
namespace {
using machine::choice;
using machine::naive;
constexpr const char* s1 = "S1: an effect happened twice";
constexpr const char* s2 = "S2: something was undone that was not done";

// A pivot whose effect stands answers `ok` to its fence.
bool can_no_longer(const step& s, std::uint8_t named, const books& b) {
  return s.kind() == kind::pivot && !named && b.any(effect::in_force);
}
}  // namespace

void universe::put(std::uint8_t& copies) const {
  copies = r_.exact ? std::min(copies + 1, max_copies) : 1;
}
void universe::take(const move& m, std::uint8_t& copies) const {
  if (r_.exact && !m.again) --copies;
}

// False: the participant's answer to this undo is `undone` and changes nothing.
bool universe::undo_matters(const world& w, std::uint8_t i, std::size_t n) const {
  auto& books = w.books[i];
  if (auto name = w.mail[i].named[n - 1]) {
    return books.effects[name - 1] != effect::undone;
  }
  return books.any(effect::in_force) || (fenced(i) && !books.fence);
}

bool universe::fenced(std::uint8_t i) const {
  return !d_.steps[i].no_fence && !naive(choice::no_fence);
}

// What a participant can do with its mail, if that changes more than the mail.
void universe::moves_of_step(const world& w, std::uint8_t i, std::vector<move>& out) const {
  auto& step = d_.steps[i];
  auto& books = w.books[i];
  auto& mail = w.mail[i];
  if (mail.dos) {
    bool fresh = !books.any(effect::in_force) && !books.any(effect::undone) && !books.declined;
    bool open = !books.fence || naive(choice::fence_not_read);
    bool blind = step.not_idempotent || naive(choice::new_key_per_retry);
    if (books.retry_kept || (r_.fold && !open)) {
    } else if (!open || books.declined) {
      if (!r_.fold) out.push_back({move_kind::handle_do, i});
    } else if (fresh || (blind && books.any(effect::in_force))) {
      out.push_back({move_kind::handle_do, i});
      if (fresh && r_.decline && !step.failed.empty() && step.kind() != kind::retriable)
        out.push_back({move_kind::handle_do_declining, i});
      if (fresh && r_.liars) out.push_back({move_kind::handle_do_lying, i});
      if (fresh && (naive(choice::retry_remembered) || (!r_.fold && r_.exhaust)))
        out.push_back({move_kind::handle_do_retrying, i});
    } else if (!r_.fold) {
      out.push_back({move_kind::handle_do, i});
    }
  }
  for (std::uint8_t n = 1; n <= mail.undos; ++n) {
    if (!mail.undo[n - 1]) continue;
    bool matters = undo_matters(w, i, n) && !can_no_longer(step, mail.named[n - 1], books);
    if (!r_.fold || matters) out.push_back({move_kind::handle_undo, i, n});
    if (!r_.fold && matters && r_.exhaust) out.push_back({move_kind::handle_undo_retrying, i, n});
  }
}

// Effect, books and answer of a command, whatever the participant remembers.
void universe::answer_do(world& w, const move& m, happening& h) const {
  auto& step = d_.steps[m.step];
  auto& books = w.books[m.step];
  auto& mail = w.mail[m.step];
  const bool in_force = books.any(effect::in_force);
  if (books.fence && !naive(choice::fence_not_read)) {
    put(mail.refused);
  } else if (books.declined) {
    put(mail.declined);
  } else if (!in_force && !books.any(effect::undone)) {
    books.effects[0] = effect::in_force;
    put(mail.ok[0]);
  } else if (in_force && (step.not_idempotent || naive(choice::new_key_per_retry))) {
    auto next = std::find(books.effects.begin(), books.effects.end(), effect::none);
    auto at = static_cast<int>(next - books.effects.begin());
    if (step.occurrence.event.empty()) {
      h.broken = s1;  // two effects that nothing tells apart
    } else if (at < r_.effects) {
      *next = effect::in_force;
      put(mail.ok[at]);
    }
  } else {
    put(mail.ok[0]);
  }
}

void universe::answer_undo(world& w, const move& m, happening& h) const {
  auto& books = w.books[m.step];
  auto& mail = w.mail[m.step];
  const auto name = mail.named[m.item - 1];
  if (can_no_longer(d_.steps[m.step], name, books)) {
    for (std::size_t k = 0; k < max_effects; ++k)
      if (books.effects[k] == effect::in_force) put(mail.ok[k]);
    return;
  }
  if (!name) {
    std::replace(books.effects.begin(), books.effects.end(), effect::in_force, effect::undone);
    if (fenced(m.step)) books.fence = true;
  } else if (undo_matters(w, m.step, m.item)) {
    if (books.effects[name - 1] == effect::none) h.broken = s2;
    books.effects[name - 1] = effect::undone;
  }
  put(mail.undone[m.item - 1]);
}

// The participant's own transaction: effect, books and answer at once. False: not a participant's.
bool universe::answer(world& w, const move& m, happening& h) const {
  if (m.kind < move_kind::customer || m.kind > move_kind::handle_undo) return false;
  auto& books = w.books[m.step];
  auto& mail = w.mail[m.step];
  const bool undo = m.kind == move_kind::handle_undo || m.kind == move_kind::handle_undo_retrying;
  if (m.kind >= move_kind::handle_do) take(m, undo ? mail.undo[m.item - 1] : mail.dos);
  switch (m.kind) {
    case move_kind::customer:
      books.effects[m.item - 1] = effect::in_force;
      put(mail.ok[m.item - 1]);
      break;
    case move_kind::try_fails:
      put(mail.declined);
      break;
    case move_kind::handle_do:
      answer_do(w, m, h);
      break;
    case move_kind::handle_do_declining:
      books.declined = true;
      put(mail.declined);
      break;
    case move_kind::handle_do_lying:
      books.effects[0] = effect::in_force;
      books.declined = true;
      put(mail.ok[0]);
      put(mail.declined);
      break;
    case move_kind::handle_do_retrying:
      books.retry_kept = naive(choice::retry_remembered);
      put(mail.retry[0]);
      break;
    case move_kind::handle_undo_retrying:
      put(mail.retry[m.item]);
      break;
    default:
      answer_undo(w, m, h);
  }
  return true;
}

void universe::settle(world& w) const {
  for (std::uint8_t i = 0; i < d_.steps.size(); ++i) settle(w, i);
}

// In a folded set, answers that change nothing but the mail are given at once.
void universe::settle(world& w, std::uint8_t i) const {
  if (!r_.fold) return;
  auto& step = d_.steps[i];
  auto& books = w.books[i];
  auto& mail = w.mail[i];
  const bool retry = !naive(choice::retry_remembered);
  if (mail.dos && retry) mail.retry[0] = 1;
  for (std::size_t n = 0; n < mail.undos; ++n) {
    if (!mail.undo[n]) continue;
    if (retry) mail.retry[n + 1] = 1;
    if (!undo_matters(w, i, n + 1) && !can_no_longer(step, mail.named[n], books))
      mail.undone[n] = 1;
  }
  if (mail.dos && books.fence) mail.refused = 1;
  if (step.awaits() && r_.decline && !step.failed.empty()) mail.declined = 1;
  for (std::size_t k = 0; k < max_effects; ++k)  // it matters only while the effect stands
    if (books.effects[k] != effect::in_force) mail.consumed &= ~(1u << k);
}
}  // namespace skald::explore
