// skald definition validate, check, diff, draw: what needs no database.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/definition_file.hpp"
#include "sagas/diff.hpp"
#include "sagas/draw.hpp"
#include "sagas/explore/command.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

int validate(context& x, const std::string& file) {
  const auto loaded = load_definition_file(file);
  if (!loaded.definition && x.output.format() != format::table) {
    auto mistakes = ordered_json::array();
    for (const auto& c : loaded.complaints)
      mistakes.push_back({{"at", c.at}, {"sentence", c.sentence}});
    x.output.show({{"mistakes", mistakes}});
    return usage;
  }
  const auto d = sound_one(loaded, file);
  x.output.show(
      {{"name", d->name}, {"version", d->version}, {"steps", d->steps.size()}, {"hash", d.hash()}});
  return done;
}

struct check_options {
  std::string file;
  bool mermaid = false, emit_test = false;
  explore::command_options how;
};

int check(context& x, check_options o) {
  const auto d = read_definition_file(o.file);
  if (x.output.format() != format::table) o.how.output = explore::output::json;
  if (o.mermaid) o.how.output = explore::output::mermaid;
  if (o.emit_test) o.how.output = explore::output::test;
  return explore::check_command(*d, o.how, x.output.stream(), x.err);
}

ordered_json json_or_nothing(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json::parse(text);
}

int diff(context& x, const std::string& from, const std::string& to) {
  const auto before = read_definition_file(from), after = read_definition_file(to);
  const auto all = differences(*before, *after);
  if (x.output.format() == format::table) {
    x.output.stream() << to_text(*before, *after);
    return all.empty() ? done : failed;
  }
  auto rows = ordered_json::array();
  for (const auto& d : all)
    rows.push_back({{"at", d.at},
                    {"before", json_or_nothing(d.before)},
                    {"after", json_or_nothing(d.after)},
                    {"meaning", d.meaning}});
  x.output.list(rows, {"at", "before", "after", "meaning"});
  x.err << "skald: " << effect_on_running(*before, *after) << '\n';
  return all.empty() ? done : failed;
}

int draw(context& x, const std::string& file, const std::string& as) {
  const auto d = read_definition_file(file);
  x.output.text(as, as == "svg" ? to_svg(*d) : as == "dot" ? to_dot(*d) : to_mermaid(*d));
  return done;
}

void add_check(const commands& c, CLI::App& group) {
  const auto o = std::make_shared<check_options>();
  auto* const sub = c.add_to(group, "check", "Explore every interleaving; exit 1 on a violation",
                             [o](context& x) { return check(x, *o); });
  auto& e = o->how.explore;
  sub->add_option("file", o->file, "JSON file, or -")->required();
  sub->add_option("--payments", e.payments, "different occurrences of one awaited event")
      ->check(CLI::Range(1, 4));
  sub->add_flag("--liars", e.liars, "participants may do it and say that they declined");
  sub->add_flag("--reliable-replies", e.reliable_replies, "an answer once given is never lost");
  sub->add_flag("!--no-pause", e.pause, "leave out the scenario with pause and resume");
  sub->add_flag("--exact", e.exact, "count copies of messages; see --faults");
  sub->add_option("--faults", e.faults, "with --exact: timeouts, copies, retries, cancels, in all")
      ->check(CLI::Range(0, explore::most_faults))
      ->capture_default_str();
  sub->add_option("--max-states", e.max_states, "of one scenario; beyond: exit 3");
  sub->add_option("--seed", e.seed, "of the random walks beyond the bound");
  sub->add_option("--assume", o->how.assume, "STEP:no_fence or STEP:not_idempotent");
  auto* const mermaid = sub->add_flag("--mermaid", o->mermaid, "the counterexample as a diagram");
  sub->add_flag("--emit-test", o->emit_test, "the counterexample as a C++ test")->excludes(mermaid);
}
}  // namespace

void add_definition(const commands& c) {
  auto* const group = c.group("definition", "Saga definitions: judge, check, draw, store");
  struct files {
    std::string first, second;
  };
  const auto f = std::make_shared<files>();
  c.add_to(*group, "validate", "Judge a definition by the rules",
           [f](context& x) { return validate(x, f->first); })
      ->add_option("file", f->first, "JSON file, or -")
      ->required();
  add_check(c, *group);
  auto* const both = c.add_to(*group, "diff", "What two definitions differ in; exit 1 if in any",
                              [f](context& x) { return diff(x, f->first, f->second); });
  both->add_option("before", f->first, "JSON file")->required();
  both->add_option("after", f->second, "JSON file")->required();
  const auto as = std::make_shared<std::string>("mermaid");
  auto* const picture = c.add_to(*group, "draw", "Draw a definition",
                                 [f, as](context& x) { return draw(x, f->first, *as); });
  picture->add_option("file", f->first, "JSON file, or -")->required();
  picture->add_option("--as", *as, "mermaid, svg or dot")
      ->check(CLI::IsMember({"mermaid", "svg", "dot"}));
  add_definition_store(c, *group);
}
}  // namespace skald::cli
