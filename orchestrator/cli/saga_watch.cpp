// skald saga watch: follows one saga's history until it is over.
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/find_saga.hpp"
#include "orchestrator/read_model.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds first_poll{50}, slowest_poll{500};
constexpr std::chrono::seconds appears_within{5};  // a saga that was started a moment ago
constexpr int lines_at_once = read_model::max_page;

struct watch_flags {
  std::string name, definition, timeout;
};

// What a shell waits for: the clock, or the world.
class patience {
 public:
  explicit patience(const std::optional<std::chrono::milliseconds>& all) {
    if (all) end_ = steady_clock::now() + *all;
  }
  bool over() const { return steady_clock::now() >= end_; }
  void wait() {
    std::this_thread::sleep_for(pause_);
    pause_ = std::min(2 * pause_, slowest_poll);
  }
  void news() { pause_ = first_poll; }

 private:
  steady_clock::time_point end_ = steady_clock::time_point::max();
  std::chrono::milliseconds pause_ = first_poll;
};

read_model::saga find_soon(pg::connection& db, const watch_flags& o) {
  patience until(appears_within);
  for (;;) {
    try {
      return find_saga(db, o.name, o.definition);
    } catch (const failure& e) {
      if (e.code != not_found || until.over()) throw;
    }
    until.wait();
  }
}

// Lines that have come since; as they come for people and for jsonl, together at the end for json.
class follower {
 public:
  follower(context& x, std::int64_t saga_no) : x_(x), saga_no_(saga_no) {}

  bool look(pg::connection& db) {
    const auto lines = read_model::history(db, saga_no_, after_, lines_at_once);
    for (const auto& l : lines) {
      after_ = l.seq;
      if (x_.output.format() == format::table)
        print(l);
      else if (x_.output.format() == format::jsonl)
        x_.output.show(to_json(l));
      else
        all_.push_back(to_json(l));
    }
    x_.output.stream().flush();
    return !lines.empty();
  }
  void end() {
    if (x_.output.format() == format::json) x_.output.list(all_, {});
  }

 private:
  void print(const read_model::journal_line& l) {
    x_.output.stream() << l.seq << "  " << l.at << "  " << l.event
                       << (l.step.empty() ? "" : " " + l.step) << ": " << l.outcome << '\n';
  }
  context& x_;
  const std::int64_t saga_no_;
  std::int64_t after_ = 0;
  ordered_json all_ = ordered_json::array();
};

int watch(context& x, const watch_flags& o) {
  std::optional<std::chrono::milliseconds> within;
  if (!o.timeout.empty() && !(within = config::parse_duration(o.timeout)))
    throw failure(usage, "--timeout needs a time span such as 30s or 2m");
  pg::connection db(required(x, "postgres"));
  const auto saga = find_soon(db, o);
  patience until(within);
  read_model::reader reader(db);
  follower lines(x, saga.no);
  std::string told;
  for (;;) {
    const auto now = reader.show(saga.id);  // before its history: nothing of the end is missed
    if (lines.look(db)) until.news();
    if (!now) throw failure(not_found, "the saga has gone: its retention is over");
    const bool ended = now->head.phase == "completed" || now->head.phase == "aborted";
    if (ended && now->waits_for.empty() && now->operator_items.empty()) {
      lines.end();
      x.err << "skald: " << now->head.key << " is " << now->head.phase << '\n';
      return now->head.phase == "completed" ? done : failed;
    }
    std::string items;
    for (const auto& i : now->operator_items) items += (items.empty() ? "" : "; ") + i;
    if (items != told && !items.empty()) x.err << "skald: it waits for you: " << items << '\n';
    told = items;
    if (until.over()) {
      lines.end();
      throw failure(timed_out, now->head.key + " is still " + now->head.phase + " after " +
                                   o.timeout + "; `skald saga show` says what it waits for");
    }
    until.wait();
  }
}
}  // namespace

void add_saga_watch(const commands& c, CLI::App& group) {
  const auto o = std::make_shared<watch_flags>();
  auto* const sub = c.add_to(group, "watch",
                             "Follow a saga until it is over: exit 0 when it "
                             "completed, 1 when it aborted",
                             [o](context& x) { return watch(x, *o); });
  sub->add_option("saga", o->name, "its id or business key")->required();
  sub->add_option("--definition", o->definition, "when several definitions have that key");
  sub->add_option("--timeout", o->timeout, "give up after so long (exit 124); default: never");
}
}  // namespace skald::cli
