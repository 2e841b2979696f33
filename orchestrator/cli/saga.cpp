// skald saga list, show, history: read from the database.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/find_saga.hpp"
#include "orchestrator/read_model.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

using read_model::max_page;

struct list_options {
  read_model::saga_filter filter;
  std::string definition, state, facet;
  std::int64_t below = 0;
};

int list(context& x, list_options o) {
  if (!o.definition.empty()) o.filter.definition = o.definition;
  if (o.state == "stuck" || o.state == "paused" || o.state == "retrying" || o.state == "waiting")
    o.filter.facet = o.state;
  else if (!o.state.empty())
    o.filter.phase = o.state;
  if (!o.facet.empty()) o.filter.facet = o.facet;
  if (o.below > 0) o.filter.below_no = o.below;
  pg::connection database(required(x, "postgres"));
  auto rows = ordered_json::array();
  const auto page = read_model::reader(database).sagas(o.filter);
  for (const auto& s : page.sagas) rows.push_back(to_json(s));
  x.output.list(rows, {"key", "definition", "version", "phase", "facets", "started_at", "seq"});
  if (page.next_below) x.err << "skald: there may be more: --below " << *page.next_below << '\n';
  return done;
}

int show_history(context& x, const std::string& name, const std::string& definition, int limit,
                 std::int64_t after) {
  pg::connection database(required(x, "postgres"));
  const auto s = find_saga(database, name, definition);
  auto rows = ordered_json::array();
  for (const auto& l : read_model::history(database, s.no, after, limit))
    rows.push_back(to_json(l));
  x.output.list(rows, {"seq", "at", "event", "step", "outcome", "data"});
  if (static_cast<int>(rows.size()) == limit)
    x.err << "skald: there may be more: --after " << rows.back()["seq"] << '\n';
  return done;
}

// One sentence a cell: a table is for people.
void show(context& x, const read_model::detail& d) {
  auto row = to_json(d);
  if (x.output.format() == format::table) {
    std::string waits, items;
    for (const auto& w : d.waits_for) {
      waits += (waits.empty() ? "" : "; ") + (w.step.empty() ? "" : w.step + ": ") + w.what;
      if (w.until_ms > 0) waits += ", until " + time_text(w.until_ms);
    }
    for (const auto& i : d.operator_items) items += (items.empty() ? "" : "; ") + i;
    row["waits_for"] = waits;
    row["operator_items"] = items;
  }
  x.output.show(row);
}

struct name_options {
  std::string name, definition;
  int limit = 100;
  std::int64_t after = 0;
};

CLI::App* named(CLI::App* sub, name_options& o) {
  sub->add_option("saga", o.name, "its id or business key")->required();
  sub->add_option("--definition", o.definition, "when several definitions have that key");
  return sub;
}
}  // namespace

void add_saga(const commands& c) {
  auto* const group = c.group("saga", "Sagas: find them, see what happened to them");
  const auto l = std::make_shared<list_options>();
  auto* const all =
      c.add_to(*group, "list", "Sagas, newest first", [l](context& x) { return list(x, *l); });
  all->add_option("--definition", l->definition, "only of this definition");
  all->add_option("--state", l->state, "only in this state")
      ->check(CLI::IsMember({"parked", "running", "aborting", "completed", "aborted", "stuck",
                             "paused", "retrying", "waiting"}));
  all->add_option("--facet", l->facet, "only those that are so")
      ->check(CLI::IsMember({"stuck", "retrying", "waiting", "paused"}));
  all->add_option("--limit", l->filter.limit, "at most so many")->check(CLI::Range(1, max_page));
  all->add_option("--below", l->below, "the next page: below this saga number");

  const auto n = std::make_shared<name_options>();
  named(c.add_to(*group, "show", "One saga",
                 [n](context& x) {
                   pg::connection database(required(x, "postgres"));
                   const auto s = find_saga(database, n->name, n->definition);
                   const auto found = read_model::reader(database).show(s.id);
                   if (!found) throw failure(not_found, "the saga has gone: its retention is over");
                   show(x, *found);
                   return done;
                 }),
        *n);
  auto* const past = named(
      c.add_to(
          *group, "history", "Everything that was said to one saga",
          [n](context& x) { return show_history(x, n->name, n->definition, n->limit, n->after); }),
      *n);
  past->add_option("--limit", n->limit, "at most so many")->check(CLI::Range(1, max_page));
  past->add_option("--after", n->after, "the next page: after this sequence number");
  add_saga_start(c, *group);
  add_saga_watch(c, *group);
  add_saga_actions(c, *group);
  add_saga_replay(c, *group);
}
}  // namespace skald::cli
