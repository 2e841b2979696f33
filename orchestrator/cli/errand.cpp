#include "orchestrator/cli/errand.hpp"

#include <algorithm>
#include <span>
#include <thread>

#include "orchestrator/books.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/post.hpp"
#include "orchestrator/cli/progress.hpp"
#include "orchestrator/consume.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/replay/standing.hpp"
#include "orchestrator/sql.hpp"
#include "sagas/names.hpp"

namespace skald::cli {
namespace {
using machine::event_kind;
using requests::verb;
using std::chrono::steady_clock;

constexpr std::chrono::seconds books_within{15};
constexpr std::chrono::milliseconds first_look{20}, slowest_look{250};

event_kind kind_of(verb v) {
  switch (v) {
    case verb::cancel:
      return event_kind::cancel;
    case verb::pause:
      return event_kind::pause;
    case verb::resume:
      return event_kind::resume;
    case verb::retry:
      return event_kind::op_retry;
    case verb::settle:
      return event_kind::op_settle;
    case verb::done:
      return event_kind::op_done;
    case verb::not_done:
      break;
  }
  return event_kind::op_not_done;
}

void refuse(errand& e, const std::string& sentence) {
  e.result = "refused";
  e.sentence = sentence;
}

// What the engine says now, or why it must not be asked.
void foresee(errand& e, const standing& now, const open_item& about, std::int64_t now_ms) {
  const auto& d = e.definition->spec();
  const auto& state = now.saga().state;
  e.step = about.step;
  e.action.occurrence = about.words;
  const bool of_step = about.step < d.steps.size();
  if (of_step) {
    e.action.step = d.steps[about.step].name;
    e.n = state.steps[about.step].n;
  }
  const auto said = now.foresee({.kind = kind_of(e.action.verb),
                                 .step = about.step,
                                 .occurrence = about.occurrence,
                                 .at_ms = now_ms,
                                 .in_books = true});
  if (said.verdict == machine::verdict::refused)
    return refuse(e, std::string(said.why) + "; the saga is " + std::string(name(state.phase)) +
                         (of_step ? ", step " + e.action.step + " is " +
                                        std::string(name(state.steps[about.step].status))
                                  : ""));
  e.result = name(said.verdict);
}

errand start_of(const read_model::saga& s, const compiled* d, const requests::action& wanted) {
  errand e;
  e.saga = s;
  e.action = wanted;
  e.definition = d;
  e.seq = s.seq;
  return e;
}

std::string named(const open_item& item, const definition& d) {
  if (item.step < d.steps.size()) return std::string(d.steps[item.step].name);
  std::string words = "the contradicting words about";
  for (std::size_t i = 0; i < d.steps.size(); ++i)
    if (item.conflicts >> i & 1) words += " " + std::string(d.steps[i].name);
  return words;
}

std::string listed(const std::vector<open_item>& items, const definition& d) {
  std::string all;
  for (const auto& i : items) {
    all += (all.empty() ? "" : ", ") + named(i, d);
    if (!i.words.empty()) all += " --occurrence " + i.words;
  }
  return all;
}

// Several errands wait for the same saga's seat in order; each is one message.
struct window {
  const context& x;
  pg::connection& db;
  stored_definitions& stored;
  post& mail;
  signer& tokens;
  books* desk;
  std::chrono::milliseconds within;

  requests::target target(const errand& e) const { return {e.saga.definition, e.saga.key}; }
  void write_books(std::span<errand> all) const;
  void send(std::span<errand> all) const;
  void follow(std::span<errand> all) const;
  bool look(errand&) const;
};

void window::write_books(std::span<errand> all) const {
  std::set<std::string> words;
  std::vector<std::pair<errand*, std::string>> asked;
  for (auto& e : all) {
    const auto& a = e.action;
    if (!e.result.empty() || !about_an_effect(a.verb) || e.step == machine::whole_saga ||
        !a.accept_risk.empty())
      continue;
    const auto word = requests::settle(mail.from(), e.definition->spec(), target(e), e.step,
                                       {a.verb, a.occurrence, e.n}, tokens);
    if (!word) {
      refuse(e, "step " + a.step +
                    " has no participant whose books could be written first: add "
                    "--accept-risk REASON");
      continue;
    }
    for (const auto& [header, value] : word->headers)
      if (header == "ce_id") asked.emplace_back(&e, value), words.insert(value);
    desk->listen(e.saga.key);
    mail.send(*word);
  }
  if (words.empty()) return;
  mail.deliver();
  const auto answered = desk->hear(words, tokens, books_within);
  for (auto& [e, id] : asked) {
    e->action.in_books = answered.contains(id);
    if (e->action.in_books) continue;
    e->result = "no answer";
    e->sentence = "the participant of step " + e->action.step + " has not answered within " +
                  std::to_string(books_within.count()) +
                  " s, so the saga was not told: see that it runs, or add --accept-risk REASON";
  }
}

void window::send(std::span<errand> all) const {
  bool any = false;
  for (auto& e : all) {
    if (!e.result.empty()) continue;
    e.request = requests::new_id();
    mail.send(requests::act(mail.from(), target(e), e.action, e.request, tokens));
    any = true;
  }
  if (any) mail.deliver();
}

// True: the owner has spoken.
bool window::look(errand& e) const {
  const auto said = requests::find_verdict(db, e.saga.no, e.seq, e.request, e.action.verb);
  if (!said) {
    const auto why = requests::find_quarantined(db, topic_names(mail.from().prefix).inbox,
                                                e.saga.key, e.request);
    if (why) refuse(e, *why);
    return why.has_value();
  }
  e.result = said->name;
  e.seq = said->seq;
  if (said->accepted()) return true;
  if (said->name == "stale") {
    e.sentence = "the saga has gone on since sequence " + std::to_string(*e.action.if_seq);
  } else if (const auto past = read_history(db, e.saga.no)) {
    e.sentence =
        standing(*stored.by_no(past->definition), *past, static_cast<std::int32_t>(said->seq))
            .last_why();
  }
  return true;
}

void window::follow(std::span<errand> all) const {
  const auto end = steady_clock::now() + within;
  auto pause = first_look;
  for (auto& e : all) {
    while (e.result.empty() && !look(e)) {
      if (steady_clock::now() > end) {
        e.result = "no answer";
        e.sentence = "it was sent, and no verdict came within " +
                     std::to_string(within.count() / 1000) +
                     " s: does a `skald serve` run (`skald node list`)? It is in the log and will "
                     "be decided; see `skald saga history`";
        break;
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, slowest_look);
    }
  }
}
}  // namespace

std::vector<errand> plan(pg::connection& db, stored_definitions& stored, const read_model::saga& s,
                         const requests::action& wanted) {
  const auto past = read_history(db, s.no);
  auto one = start_of(s, nullptr, wanted);
  if (!past) return refuse(one, "it has gone: its retention is over"), std::vector{one};
  one.definition = stored.by_no(past->definition);
  one.seq = past->seq;
  const auto& d = one.definition->spec();
  const standing now(*one.definition, *past);
  const auto now_ms = db.exec(sql::shard::now).number(0, 0);
  if (wanted.verb < verb::retry || !wanted.step.empty()) {
    open_item about{.words = wanted.occurrence};
    if (!wanted.occurrence.empty()) about.occurrence = hash64(wanted.occurrence);
    if (!wanted.step.empty()) {
      const auto no = one.definition->step_named(wanted.step);
      if (!no) return refuse(one, "its definition has no step " + wanted.step), std::vector{one};
      about.step = *no;
    }
    foresee(one, now, about, now_ms);
    return {one};
  }
  const auto items = now.items();
  std::vector<errand> fit, unfit;
  for (const auto& item : items) {
    auto e = one;
    foresee(e, now, item, now_ms);
    (e.result == "refused" ? unfit : fit).push_back(e);
  }
  if (fit.size() == 1 || (!fit.empty() && wanted.verb == verb::retry)) return fit;
  if (fit.size() > 1)
    refuse(one, "several things wait for the operator, name one with --step: " + listed(items, d));
  else if (unfit.empty())
    refuse(one, "nothing of it waits for the operator; it is " + s.phase);
  else
    return unfit;
  return {one};
}

void perform(const context& x, pg::connection& db, stored_definitions& stored,
             std::vector<errand>& all, std::chrono::milliseconds within) {
  post mail(x);
  signer tokens(live_secrets(db));
  const auto installation = db.exec(sql::installation::read);
  books desk(kafka_of(x), topic_names(mail.from().prefix).inbox,
             static_cast<std::int32_t>(installation.number(0, 1)));
  const window w{x, db, stored, mail, tokens, &desk, within};
  progress bar(x.err, "actions", all.size());
  for (auto& e : all)
    if (e.result != "refused") e.result.clear();  // what was foreseen is not what was said
  for (std::size_t i = 0; i < all.size(); i += errands_at_once) {
    const std::span<errand> next(all.data() + i, std::min(errands_at_once, all.size() - i));
    w.write_books(next);
    w.send(next);
    w.follow(next);
    bar.at(i + next.size());
  }
}
}  // namespace skald::cli
