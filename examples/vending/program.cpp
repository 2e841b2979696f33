#include "examples/vending/program.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "fence_functions_sql.hpp"
#include "outbox/postgres/connection.hpp"
#include "participant_sql.hpp"

namespace vending {
namespace {
constexpr int ok = 0, unreachable = 5, bad_usage = 2;

struct options {
  skald::participant_settings settings;
  int delay_ms = 300;
  bool only_tables = false;
};

void add_options(CLI::App& app, options& o) {
  auto& s = o.settings;
  app.add_option("--kafka", s.kafka, "Bootstrap servers")->required()->envname("SKALD_KAFKA");
  app.add_option("--postgres", s.postgres, "URL of the participant's database")
      ->required()
      ->envname("SKALD_PARTICIPANT_POSTGRES");
  app.add_option("--schema", s.schema, "Schema of its tables")->capture_default_str();
  app.add_option("--topic-prefix", s.topic_prefix, "Put before <name>.commands");
  app.add_option("--group", s.group, "Consumer group");
  app.add_flag("--create-tables", o.only_tables, "Create the tables that are missing, and end");
  app.add_option("--partitions", s.partitions, "Of the command topic when it is created")
      ->capture_default_str();
  auto chance = [&](const char* name, double& p, const char* what) {
    app.add_option(name, p, what)->check(CLI::Range(0.0, 1.0))->group("Faults on purpose");
  };
  auto& f = s.faults;
  chance("--lose-command", f.lose_command, "Probability that a command is not seen");
  chance("--lose-reply", f.lose_reply, "Probability that a reply is not sent");
  chance("--answer-twice", f.answer_twice, "Probability that a reply is sent twice");
  chance("--delay-reply", f.delay_reply, "Probability that others overtake a reply");
  chance("--die-before-commit", f.die_before_commit, "Probability, for each batch, of SIGKILL");
  chance("--die-after-commit", f.die_after_commit, "The same, before the replies are sent");
  app.add_option("--delay-ms", o.delay_ms, "Of a delayed reply")->group("Faults on purpose");
  app.add_option("--seed", f.seed, "Of all faults")->group("Faults on purpose");
}

// One of several processes creates the tables, the others wait for it.
void create_tables(const program& p, const skald::participant_settings& s) {
  skald::pg::connection session(s.postgres);
  const auto schema = session.exec("select quote_ident($1)", {s.schema}).text(0, 0);
  skald::pg::transaction make(session);
  make.exec("select pg_advisory_xact_lock(hashtext($1))", {s.schema});
  make.exec_script("create schema if not exists " + schema + "; set search_path = " + schema);
  if (make.exec("select to_regclass('fence') is null").boolean(0, 0)) {
    make.exec_script(participant_sql);
    make.exec_script(fence_functions_sql);
    make.exec_script(p.tables);
  }
  make.commit();
}

sigset_t block_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int serve(const program& p, const options& o) {
  const auto signals = block_stop_signals();  // before the first thread: all inherit it
  create_tables(p, o.settings);
  if (o.only_tables) return ok;
  skald::participant participant(o.settings);
  p.handle(participant);
  participant.start();
  spdlog::info("{} answers {}{}.commands", p.name, o.settings.topic_prefix, p.name);
  int signal = 0;
  sigwait(&signals, &signal);
  participant.stop();
  const auto c = participant.counts();
  spdlog::info("{} stopped: {} commands, {} effects, {} declined, {} undone, {} repeated", p.name,
               c.commands, c.effects, c.declined, c.undone, c.duplicates);
  return ok;
}
}  // namespace

int run(const program& p, int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt(p.name));
  options o;
  o.settings.name = p.name;
  o.settings.schema = "vending_" + p.name;
  o.settings.partitions = 8;
  CLI::App app("The vending machine's " + p.name + ", a participant of its saga");
  add_options(app, o);
  try {
    app.parse(argc, argv);
    o.settings.faults.delay = std::chrono::milliseconds(o.delay_ms);
    return serve(p, o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? ok : bad_usage;
  } catch (const std::invalid_argument& e) {
    std::cerr << e.what() << "\n";
    return bad_usage;
  } catch (const skald::pg::error& e) {
    std::cerr << p.name << ": its PostgreSQL cannot be used (--postgres): " << e.what() << "\n";
    return unreachable;
  }
}
}  // namespace vending
