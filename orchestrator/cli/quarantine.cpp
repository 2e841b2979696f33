// skald quarantine list, show, redrive, drop: what could not be applied, and what is done about it.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/post.hpp"
#include "orchestrator/cli/progress.hpp"
#include "orchestrator/redrive.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
using read_model::quarantined;

constexpr int most_at_once = 1'000;

struct quarantine_flags {
  read_model::quarantine_filter filter;
  std::string topic, reason;
  std::int64_t below = 0;
  std::vector<std::int64_t> numbers;
  bool all = false, yes = false, dry_run = false;
};

int list(context& x, quarantine_flags o) {
  pg::connection db(required(x, "postgres"));
  if (!o.topic.empty()) o.filter.topic = o.topic;
  if (o.below > 0) o.filter.below_no = o.below;
  auto rows = ordered_json::array();
  for (const auto& q : read_model::quarantine(db, o.filter)) rows.push_back(to_json(q, false));
  x.output.list(rows, {"no", "at", "topic", "key", "reason", "redriven_at"});
  if (static_cast<int>(rows.size()) == o.filter.limit)
    x.err << "skald: there may be more: --below " << rows.back()["no"] << '\n';
  return done;
}

quarantined find(pg::connection& db, std::int64_t no) {
  if (auto q = read_model::quarantined_record(db, no)) return *q;
  throw failure(not_found, "there is no record " + std::to_string(no) +
                               " in quarantine; `skald quarantine list` shows all");
}

int show(context& x, const quarantine_flags& o) {
  pg::connection db(required(x, "postgres"));
  x.output.show(to_json(find(db, o.numbers.front())));
  return done;
}

std::vector<quarantined> chosen(pg::connection& db, const quarantine_flags& o) {
  if (o.numbers.empty() == !o.all)
    throw failure(usage,
                  "name records by their numbers, or give --all (with --topic: of that one)");
  std::vector<quarantined> records;
  for (const auto no : o.numbers) records.push_back(find(db, no));
  if (!o.all) return records;
  auto f = o.filter;
  f.limit = most_at_once;
  if (!o.topic.empty()) f.topic = o.topic;
  return read_model::quarantine(db, f);
}

ordered_json to_row(const quarantined& q, const std::string& result, const std::string& why) {
  return {{"no", q.no},
          {"topic", q.topic},
          {"key", q.key ? ordered_json(*q.key) : ordered_json()},
          {"result", result},
          {"why", why.empty() ? ordered_json() : ordered_json(why)}};
}

// One after the other: a record is marked when Kafka has it. Stopped in between, it is sent twice
// at most, and the second is a duplicate.
int change(context& x, const quarantine_flags& o, bool redrive) {
  const std::string verb = redrive ? "redrive" : "drop";
  pg::connection db(required(x, "postgres"));
  if (redrive && !o.dry_run) required(x, "kafka");
  const auto records = chosen(db, o);
  const auto what = verb + " " + std::to_string(records.size()) + " records";
  if (!o.dry_run && !records.empty() && (o.all || !redrive)) confirm(x, o.yes, what);
  std::unique_ptr<post> mail;
  if (redrive && !o.dry_run) mail = std::make_unique<post>(x);
  auto rows = ordered_json::array();
  bool all_good = true;
  progress bar(x.err, "records", records.size());
  for (const auto& q : records) {
    const auto again = redrive ? redrive_of(q) : skald::redrive{};
    const bool good = again.problem.empty();
    auto result = good ? verb + (redrive ? "n" : "ped") : "refused";
    auto why = again.problem;
    if (good && o.dry_run) {
      result = "would be " + result;
    } else if (good) {
      if (redrive) mail->send(again.record), mail->deliver();
      const auto mark = redrive ? mark_redriven : drop_quarantined;
      if (!mark(db, q.no, actor(), o.reason)) result = "gone", why = "somebody else was faster";
    }
    all_good = all_good && good;
    rows.push_back(to_row(q, result, why));
    bar.at(rows.size());
  }
  x.output.list(rows, {"no", "topic", "key", "result", "why"});
  if (o.dry_run) x.err << "skald: " << what << ": nothing was done (--dry-run)\n";
  return all_good ? done : conflict;
}

void add_change(const commands& c, CLI::App& group, const char* word, const char* meaning,
                bool redrive) {
  const auto o = std::make_shared<quarantine_flags>();
  auto* const sub =
      c.add_to(group, word, meaning, [o, redrive](context& x) { return change(x, *o, redrive); });
  sub->add_option("no", o->numbers, "numbers of records")->take_all();
  sub->add_flag("--all", o->all, "every record that was not redriven, newest first");
  sub->add_option("--topic", o->topic, "with --all: only of this topic");
  sub->add_option("--reason", o->reason, "why: it stands in the audit log")->required();
  sub->add_flag("--yes", o->yes, "do not ask");
  sub->add_flag("--dry-run", o->dry_run, "only say what would happen");
}
}  // namespace

void add_quarantine(const commands& c) {
  auto* const group = c.group("quarantine", "Records that could not be applied");
  const auto l = std::make_shared<quarantine_flags>();
  auto* const all = c.add_to(*group, "list", "What lies there, newest first",
                             [l](context& x) { return list(x, *l); });
  all->add_option("--topic", l->topic, "only of this topic");
  all->add_flag("--redriven-too", l->filter.redriven_too, "also what was sent again");
  all->add_option("--limit", l->filter.limit, "at most so many")
      ->check(CLI::Range(1, most_at_once));
  all->add_option("--below", l->below, "the next page: below this number");

  const auto s = std::make_shared<quarantine_flags>();
  c.add_to(*group, "show", "One record with its headers and its bytes",
           [s](context& x) { return show(x, *s); })
      ->add_option("no", s->numbers, "its number")
      ->required()
      ->expected(1);
  add_change(c, *group, "redrive", "Send records again to where they were read", true);
  add_change(c, *group, "drop", "Delete records for good", false);
}
}  // namespace skald::cli
