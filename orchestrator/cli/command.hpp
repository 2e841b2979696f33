// How the commands of `skald` are put on its command line.
#pragma once
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>
#include <string>

#include "orchestrator/cli/context.hpp"

namespace skald::cli {
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

// One function a file of this folder.
void add_audit(const commands&);
void add_bench(const commands&);
void add_completion(const commands&);
void add_doctor(const commands&);
void add_event(const commands&);
void add_node(const commands&);
void add_outbox(const commands&);
void add_quarantine(const commands&);
void add_version(const commands&);
void add_config(const commands&);
void add_dev(const commands&);
void add_migrate(const commands&);
void add_participant(const commands&);
void add_participant_list(const commands&, CLI::App& participant);
void add_relay(const commands&);
void add_serve(const commands&);
void add_simulate(const commands&);
void add_saga(const commands&);
void add_saga_start(const commands&, CLI::App& saga);  // one more verb of that group
void add_saga_actions(const commands&, CLI::App& saga);
void add_saga_watch(const commands&, CLI::App& saga);
void add_saga_replay(const commands&, CLI::App& saga);
void add_definition(const commands&);
void add_definition_store(const commands&, CLI::App& definition);  // more verbs of that group
}  // namespace skald::cli
