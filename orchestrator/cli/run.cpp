#include "orchestrator/cli/run.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>

#include "orchestrator/cli/command_line.hpp"
#include "orchestrator/cli/key.hpp"
#include "orchestrator/cli/logging.hpp"
#include "orchestrator/cli/terminal.hpp"
#include "orchestrator/nearest.hpp"
#include "outbox/log.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::cli {
namespace {
void add_global_options(CLI::App& app, global_options& g) {
  app.add_option("--config", g.sources.file, "settings file (TOML)");
  app.add_option("-o,--output", g.format, "table, json or jsonl")
      ->check(CLI::IsMember({"table", "json", "jsonl"}));
  app.add_flag("--json", g.json, "the same as -o json");
  app.add_option("--color", g.color, "auto: as the terminal and NO_COLOR say")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  for (const auto& s : config::known()) {
    const auto set = [&g, name = std::string(s.name)](const std::string& text) {
      g.sources.flags[name] = text;
    };
    auto* const option = s.type == config::type::on_off
                             ? app.add_flag_callback(config::flag_of(s), [set] { set("true"); })
                             : app.add_option_function<std::string>(config::flag_of(s), set);
    option->description(std::string(s.meaning))->group("Settings");
  }
}

// CLI11 says what it did not understand; this adds what was probably meant.
std::string suggestion(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* at = &app;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    std::vector<std::string> known;
    if (word.starts_with("--")) {
      for (const auto* a = at; a; a = a->get_parent())
        for (const auto* o : a->get_options())
          for (const auto& name : o->get_lnames()) known.push_back("--" + name);
    } else {
      for (const auto* s : at->get_subcommands([](const CLI::App*) { return true; }))
        known.push_back(s->get_name());
    }
    const auto bare = word.substr(0, word.find('='));
    if (std::ranges::find(known, bare) != known.end()) {
      for (const auto* s : at->get_subcommands([](const CLI::App*) { return true; }))
        if (s->get_name() == bare) at = s;
      continue;
    }
    if (const auto meant = nearest(bare, known); !meant.empty())
      return "; did you mean " + std::string(meant) + "?";
  }
  return "; see skald --help";
}

int say(const std::string& sentence, int code, std::ostream& err = std::cerr) {
  err << "skald: " << sentence << '\n';
  return code;
}

int perform(const action& chosen, const global_options& g) {
  const config::configuration settings(g.sources);
  start_logging(settings.text("log.level"), settings.text("log.format"));
  const auto how = g.json || g.format == "json" ? format::json
                   : g.format == "jsonl"        ? format::jsonl
                                                : format::table;
  cli::output output(std::cout, how, wants_color(g.color, STDOUT_FILENO));
  context x{settings, output, std::cerr};
  const auto code = chosen(x);
  std::cout.flush();
  if (!std::cout) throw failure(failed, "standard output could not be written");
  return code;
}
}  // namespace

const std::string& required(const context& x, std::string_view setting) {
  const auto& text = x.settings.text(setting);
  if (!text.empty()) return text;
  for (const auto& s : config::known())
    if (s.name == setting)
      throw failure(usage, "this needs " + std::string(s.meaning) + ": give " + config::flag_of(s) +
                               ", or set " + config::variable_of(s));
  return text;
}

command_line::command_line() {
  app_.require_subcommand(1);
  app_.set_help_flag("-h,--help", "print this text");
  globals.sources.variable = [](const char* name) {
    return static_cast<const char*>(std::getenv(name));
  };
  add_global_options(app_, globals);
  const commands all{app_, chosen};
  add_dev(all);
  add_serve(all);
  add_relay(all);
  add_participant(all);
  add_bench(all);
  add_audit(all);
  add_simulate(all);
  add_version(all);
  add_config(all);
  add_migrate(all);
  add_saga(all);
  add_definition(all);
  add_event(all);
  add_outbox(all);
  add_quarantine(all);
  add_node(all);
  add_doctor(all);
  add_completion(all);
  add_key(all);
}

std::optional<int> command_line::parse(int argc, const char* const* argv, std::ostream& out,
                                       std::ostream& err) {
  try {
    app_.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::Success& asked) {  // --help
    return app_.exit(asked, out, err);
  } catch (const CLI::ParseError& e) {
    return say(std::string(e.what()) + suggestion(app_, argc, argv), usage, err);
  }
}

int run(int argc, const char* const* argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of a write, not a sudden death
  command_line line;
  if (const auto code = line.parse(argc, argv, std::cout, std::cerr)) return *code;
  try {
    return perform(line.chosen, line.globals);
  } catch (const failure& e) {
    return say(e.what(), e.code);
  } catch (const config::error& e) {
    return say(e.what(), usage);
  } catch (const pg::error& e) {
    constexpr const char* no_such_table = "42P01";
    if (e.sqlstate == no_such_table)
      return say("this database lacks tables of skald (" + std::string(e.what()) +
                     "): run skald migrate orchestrator",
                 failed);
    constexpr const char* insufficient_privilege = "42501";
    if (e.sqlstate == insufficient_privilege) return say(e.what(), forbidden);
    if (!e.lost_connection) return say(e.what(), failed);
    return say(std::string(e.what()) + "; start it, or name another with --postgres URL",
               unreachable);
  } catch (const log_error& e) {
    return say(e.what(), unreachable);
  } catch (const std::exception& e) {
    return say(e.what(), failed);
  }
}
}  // namespace skald::cli
