// What the commands of `skald` share: exit codes, the way to fail, and what a command is given.
//
// Data goes to `out`, everything else to `err`. A command fails by throwing `failure` with one
// sentence that says what was wrong and what to do.
#pragma once
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <stdexcept>
#include <string>

#include "orchestrator/cli/output.hpp"
#include "orchestrator/config.hpp"

namespace skald::cli {
enum exit_code : int {
  done = 0,
  failed = 1,     // or a violation was found
  usage = 2,      // or a definition that is wrong
  not_found = 3,  // or a bound was reached
  conflict = 4,
  unreachable = 5,  // PostgreSQL or Kafka
  forbidden = 6,
  timed_out = 124
};

struct failure : std::runtime_error {
  failure(exit_code c, const std::string& sentence) : std::runtime_error(sentence), code(c) {}
  exit_code code;
};

struct context {
  const config::configuration& settings;
  cli::output& output;
  std::ostream& err;
};

// The body of a command. Returns its exit code.
using action = std::function<int(context&)>;

// A subcommand sets `chosen` when it was named on the command line.
struct commands {
  CLI::App& app;
  action& chosen;

  CLI::App* add(const std::string& name, const std::string& meaning, action body) const {
    return add_to(app, name, meaning, std::move(body));
  }
  CLI::App* group(const std::string& name, const std::string& meaning) const {
    return app.add_subcommand(name, meaning)->fallthrough()->require_subcommand(1);
  }
  CLI::App* add_to(CLI::App& parent, const std::string& name, const std::string& meaning,
                   action body) const {
    auto* const sub = parent.add_subcommand(name, meaning)->fallthrough();
    sub->callback([c = &chosen, b = std::move(body)] { *c = b; });
    return sub;
  }
};

// The setting, or a failure that says how to give it.
const std::string& required(const context&, std::string_view setting);

// One function a file of this folder.
void add_audit(const commands&);
void add_bench(const commands&);
void add_version(const commands&);
void add_config(const commands&);
void add_dev(const commands&);
void add_migrate(const commands&);
void add_participant(const commands&);
void add_relay(const commands&);
void add_serve(const commands&);
void add_saga(const commands&);
void add_saga_start(const commands&, CLI::App& saga);  // one more verb of that group
void add_saga_replay(const commands&, CLI::App& saga);
void add_definition(const commands&);
void add_definition_store(const commands&, CLI::App& definition);  // more verbs of that group
}  // namespace skald::cli
