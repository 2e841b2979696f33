// skald saga replay: a history through the engine again. Read-only.
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/definition_file.hpp"
#include "orchestrator/cli/find_saga.hpp"
#include "orchestrator/cli/stored_definitions.hpp"
#include "orchestrator/definitions.hpp"
#include "orchestrator/replay/replay.hpp"
#include "orchestrator/sql.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

struct replay_flags {
  std::string name, definition, against, fail, since = "1d";
  std::int32_t at = 0;
  std::vector<std::int32_t> drop, duplicate, swap;
  bool all = false;
  bool what_if() const {
    return !drop.empty() || !duplicate.empty() || !swap.empty() || !fail.empty();
  }
};

// FILE, or a version of the definition called `name`.
std::unique_ptr<compiled> other_definition(pg::connection& db, const std::string& file_or_version,
                                           const std::string& name) {
  if (file_or_version.find_first_not_of("0123456789") != std::string::npos)
    return stored_definitions::compile(0, read_definition_file(file_or_version));
  constexpr std::size_t most_digits = 9;  // of a 32-bit number, whatever they are
  std::optional<std::string> json;
  if (file_or_version.size() <= most_digits)
    json = definitions::show(db, name, std::stoi(file_or_version));
  if (!json)
    throw failure(not_found, name + " has no version " + file_or_version +
                                 "; `skald definition list` shows all");
  return stored_definitions::compile(0, load_definition(*json));
}

void change(history& h, const definition& d, const replay_flags& f) {
  try {
    for (const auto seq : f.drop) drop(h, seq);
    for (const auto seq : f.duplicate) duplicate(h, seq);
    if (!f.swap.empty()) swap(h, f.swap[0], f.swap[1]);
    if (!f.fail.empty()) fail(h, d, f.fail);
  } catch (const std::invalid_argument& e) {
    throw failure(not_found, e.what());
  }
}

std::string text_of(const ordered_json& step) {
  std::string line = step["event"].get<std::string>();
  if (step.contains("step")) line += " " + step["step"].get<std::string>();
  return line;
}

void print(std::ostream& out, const ordered_json& report) {
  out << report["definition"].get<std::string>() << " v" << report["version"] << "  "
      << report["key"].get<std::string>() << "  " << report["saga"].get<std::string>() << "\n";
  for (const auto& step : report["steps"]) {
    out << "\n"
        << step["seq"] << "  " << step["at"].get<std::string>() << "  " << text_of(step) << ": "
        << step["outcome"].get<std::string>() << "\n";
    if (const auto why = step["why"].get<std::string>(); !why.empty())
      out << "     " << why << "\n";
    for (const auto& c : step["changes"]) out << "     " << c.get<std::string>() << "\n";
    for (const auto& a : step["actions"]) {
      out << "     -> " << a["action"].get<std::string>();
      if (a.contains("step")) out << " " << a["step"].get<std::string>();
      if (a.contains("attempt")) out << ", attempt " << a["attempt"] << ", n " << a["n"];
      out << "\n";
    }
    if (step.contains("differs")) out << "     DIFFERS " << step["differs"].dump() << "\n";
  }
}

int replay_one(context& x, const replay_flags& f) {
  pg::connection db(required(x, "postgres"));
  const auto saga = find_saga(db, f.name, f.definition);
  auto past = read_history(db, saga.no);
  if (!past) throw failure(not_found, "saga " + f.name + " has gone: its retention is over");
  stored_definitions stored(db);
  const auto* own = stored.by_no(past->definition);
  std::unique_ptr<compiled> other;
  std::vector<std::int32_t> left_out;
  if (!f.against.empty()) {
    other = other_definition(db, f.against, saga.definition);
    left_out = retell(*past, own->spec(), other->spec());
  }
  change(*past, (other ? *other : *own).spec(), f);
  const auto r = replay(other ? *other : *own, *past, {.until_seq = f.at, .compare = !f.what_if()});
  auto report = r.report;
  for (const auto seq : left_out) report["left_out"].push_back(seq);
  if (x.output.format() == format::table)
    print(x.output.stream(), report);
  else
    x.output.show(report);
  if (f.what_if()) return done;
  if (r.differences == 0 && (r.same_state || other)) return done;
  const auto where = r.differences > 0
                         ? std::to_string(r.differences) + " events, the first is event " +
                               report["first_difference"].dump()
                         : std::string("the state at the end");
  x.err << "skald: what is decided now is not what was recorded: " << where << "\n";
  return failed;
}

int replay_many(context& x, const replay_flags& f) {
  const auto& url = required(x, "postgres");
  const auto span = config::parse_duration(f.since);
  if (!span) throw failure(usage, "--since needs a time span such as 1d, 36h or 30m");
  pg::connection db(url);
  stored_definitions stored(db);
  std::unique_ptr<compiled> other;
  std::string name = f.definition;
  if (!f.against.empty()) {
    other = other_definition(db, f.against, name);
    name = std::string(other->spec().name);
  }
  const definition_choice own = [&](std::int32_t no) {
    const auto* d = stored.by_no(no);
    return name.empty() || d->spec().name == name ? d : nullptr;
  };
  const definition_choice told = [&](std::int32_t no) { return other ? other.get() : own(no); };
  const auto r = replay_all(url, db.exec(sql::shard::now).number(0, 0) - span->count(), own, told);
  ordered_json report = {
      {"sagas", r.sagas},
      {"skipped", r.skipped},
      {"journal_rows", r.rows},
      {"seconds", r.seconds},
      {"rows_per_second",
       r.seconds > 0 ? std::llround(static_cast<double>(r.rows) / r.seconds) : 0},
      {"changed", ordered_json::object()},
      {"examples", ordered_json::array()}};
  for (const auto& [what, count] : r.changed) report["changed"][what] = count;
  for (const auto& [id, what] : r.examples)
    report["examples"].push_back({{"saga", id}, {"differs_at", what}});
  x.output.show(report);
  return r.changed.empty() ? done : failed;
}
}  // namespace

void add_saga_replay(const commands& c, CLI::App& saga) {
  const auto f = std::make_shared<replay_flags>();
  auto* const sub =
      c.add_to(saga, "replay", "Decide a saga's history again, event by event, and compare",
               [f](context& x) {
                 if (f->all == !f->name.empty())
                   throw failure(usage, "name one saga, or give --all for every saga of a time");
                 if (f->all && (f->at > 0 || f->what_if()))
                   throw failure(usage,
                                 "--at and what-ifs are for one saga; --all goes with "
                                 "--since, --definition and --against");
                 return f->all ? replay_many(x, *f) : replay_one(x, *f);
               });
  sub->add_option("saga", f->name, "its id or business key");
  sub->add_option("--definition", f->definition, "when several definitions have that key");
  sub->add_option("--at", f->at, "stop behind this event");
  sub->add_option("--against", f->against, "another definition: FILE or a version's number");
  sub->add_option("--drop", f->drop, "what if this event had not come");
  sub->add_option("--duplicate", f->duplicate, "what if this event had come twice");
  sub->add_option("--swap", f->swap, "what if these two had come the other way round")->expected(2);
  sub->add_option("--fail", f->fail, "what if this step had been declined");
  sub->add_flag("--all", f->all, "every saga that started since --since, only counted");
  sub->add_option("--since", f->since, "with --all: how long ago, such as 1d or 36h");
}
}  // namespace skald::cli
