// skald saga cancel, retry, settle, resolve, pause, resume: the operator's word.
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/errand.hpp"
#include "orchestrator/cli/find_saga.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
using requests::verb;

constexpr std::size_t most_sagas = 10'000;  // of one command

struct act_flags {
  requests::action action;
  std::string name, definition, state, facet, older_than, timeout = "30s";
  std::int64_t if_seq = 0;
  bool yes = false, dry_run = false, is_done = false, is_not_done = false;
  bool by_filter() const { return name.empty(); }
};

bool needs_yes(verb v) {
  return v == verb::cancel || requests::about_an_effect(v);
}

// Sagas that the filter means, oldest first: that is the order in which they wait.
std::vector<read_model::saga> matching(pg::connection& db, const act_flags& o) {
  read_model::saga_filter f;
  if (!o.definition.empty()) f.definition = o.definition;
  if (!o.state.empty()) f.phase = o.state;
  if (!o.facet.empty()) f.facet = o.facet;
  if (!o.older_than.empty()) {
    const auto age = config::parse_duration(o.older_than);
    if (!age) throw failure(usage, "--older-than needs a time span such as 1d, 36h or 30m");
    f.below_no = saga_no::first(db.exec(sql::shard::now).number(0, 0) - age->count(), 0);
  }
  f.limit = read_model::max_page;
  read_model::reader reader(db);
  std::vector<read_model::saga> all;
  for (bool more = true; more && all.size() < most_sagas;) {
    auto page = reader.sagas(f);
    for (auto& s : page.sagas) all.push_back(std::move(s));
    f.below_no = page.next_below;
    more = page.next_below.has_value();
  }
  if (all.size() > most_sagas) all.resize(most_sagas);
  std::reverse(all.begin(), all.end());
  return all;
}

std::string counted(std::size_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

ordered_json to_row(const errand& e, bool dry_run) {
  const auto step = e.action.step;
  return {{"key", e.saga.key},
          {"definition", e.saga.definition},
          {"action", name(e.action.verb)},
          {"step", step.empty() ? ordered_json() : ordered_json(step)},
          {"result", dry_run && e.result != "refused" ? "would be " + e.result : e.result},
          {"why", e.sentence.empty() ? ordered_json() : ordered_json(e.sentence)},
          {"id", e.saga.id},
          {"seq", e.seq},
          {"request", e.request.empty() ? ordered_json() : ordered_json(e.request)}};
}

exit_code judge(const std::vector<errand>& all, bool dry_run) {
  const auto count = [&](const char* result) {
    return std::count_if(all.begin(), all.end(),
                         [&](const errand& e) { return e.result == result; });
  };
  if (count("no answer") > 0) return timed_out;
  const bool good = std::all_of(all.begin(), all.end(), [](const errand& e) { return e.good(); });
  return good || (dry_run && all.size() > 1) ? done : conflict;
}

int act(context& x, act_flags o) {
  auto& a = o.action;
  if (a.verb == verb::done && o.is_done == o.is_not_done)
    throw failure(usage, "say which: --done (it took effect) or --not-done (it never will)");
  if (o.is_not_done) a.verb = verb::not_done;
  if (o.by_filter() && o.definition.empty() && o.state.empty() && o.facet.empty() &&
      o.older_than.empty())
    throw failure(usage,
                  "name a saga by its id or key, or say which ones: --definition, --state, "
                  "--facet, --older-than");
  if (o.if_seq > 0) a.if_seq = o.if_seq;
  a.actor = actor();
  const auto within = config::parse_duration(o.timeout);
  if (!within) throw failure(usage, "--timeout needs a time span such as 30s or 2m");

  pg::connection db(required(x, "postgres"));
  if (!o.dry_run) required(x, "kafka");
  stored_definitions stored(db);
  const auto sagas =
      o.by_filter() ? matching(db, o) : std::vector{find_saga(db, o.name, o.definition)};
  std::vector<errand> all;
  for (const auto& s : sagas)
    for (auto& e : plan(db, stored, s, a)) all.push_back(std::move(e));
  const auto refused = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const errand& e) { return e.result == "refused"; }));
  const auto summary = counted(all.size() - refused, "action") + " on " +
                       counted(sagas.size(), "saga") + ", " + std::to_string(refused) +
                       " would be refused";
  if (o.dry_run) {
    x.err << "skald: " << summary << "; nothing was sent (--dry-run)\n";
  } else if (refused < all.size()) {
    if (o.by_filter() || needs_yes(a.verb))
      confirm(x, o.yes, std::string(name(a.verb)) + ": " + summary);
    perform(x, db, stored, all, *within);
  }
  auto rows = ordered_json::array();
  for (const auto& e : all) rows.push_back(to_row(e, o.dry_run));
  x.output.list(rows, {"key", "definition", "action", "step", "result", "why"});
  if (sagas.size() >= most_sagas)
    x.err << "skald: " << most_sagas << " at a time: there may be more, run it again\n";
  return judge(all, o.dry_run);
}

CLI::App* add_verb(const commands& c, CLI::App& group, const char* word, const char* meaning,
                   verb v) {
  const auto o = std::make_shared<act_flags>();
  o->action.verb = v;
  auto* const sub = c.add_to(group, word, meaning, [o](context& x) { return act(x, *o); });
  sub->add_option("saga", o->name, "its id or business key; without it the filter says which");
  sub->add_option("--definition", o->definition, "only of this definition");
  sub->add_option("--state", o->state, "only in this state")
      ->check(CLI::IsMember({"parked", "running", "aborting", "completed", "aborted"}));
  sub->add_option("--facet", o->facet, "only those that are so")
      ->check(CLI::IsMember({"stuck", "retrying", "waiting", "paused"}));
  sub->add_option("--older-than", o->older_than, "only if started so long ago, such as 10m or 2d");
  sub->add_option("--reason", o->action.reason, "why: it stands in the saga's history")->required();
  sub->add_flag("--dry-run", o->dry_run, "only say what would happen");
  sub->add_flag("--yes", o->yes, "do not ask");
  sub->add_option("--if-seq", o->if_seq, "only if the saga's sequence is still this one");
  sub->add_option("--timeout", o->timeout, "how long to wait for the verdicts")
      ->capture_default_str();
  if (v < verb::retry) return sub;
  sub->add_option("--step", o->action.step, "which step; without it what waits for the operator");
  sub->add_option("--occurrence", o->action.occurrence, "which surplus of that step");
  if (!requests::about_an_effect(v)) return sub;
  sub->add_option("--accept-risk", o->action.accept_risk,
                  "do not write the participant's books first: the reason why not");
  if (v != verb::done) return sub;
  sub->add_flag("--done", o->is_done, "the step took effect");
  sub->add_flag("--not-done", o->is_not_done, "the step did not take effect and never will");
  return sub;
}
}  // namespace

void add_saga_actions(const commands& c, CLI::App& group) {
  add_verb(c, group, "cancel", "Abort sagas: what was done is undone", verb::cancel);
  add_verb(c, group, "retry", "Try again what could not be done or undone", verb::retry);
  add_verb(c, group, "settle", "Say that an effect was undone by hand", verb::settle);
  add_verb(c, group, "resolve", "Say whether a step took effect", verb::done);
  add_verb(c, group, "pause", "Hold sagas: nothing is applied until resume", verb::pause);
  add_verb(c, group, "resume", "Let paused sagas go on", verb::resume);
}
}  // namespace skald::cli
