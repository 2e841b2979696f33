// skald participant test: the conformance kit against a participant that runs.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "outbox/conformance/kit.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

struct participant_flags {
  std::string script, topic_prefix, restart, run;
  int answer_within_s = 10;
};

conformance::script read_script_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw failure(usage, "the script " + path +
                             " cannot be read; it is a JSON file, as docs/contract.md shows one");
  try {
    return conformance::read_script(std::string{std::istreambuf_iterator<char>(in), {}});
  } catch (const conformance::bad_script& e) {
    throw failure(usage, path + ": " + e.what());
  }
}

// Keys of an earlier run are in the participant's books already.
std::string random_run() {
  std::random_device dice;
  return "kit-" + std::to_string(dice());
}

void restart_by(const std::string& command) {
  // Standard output is for the findings alone.
  if (std::system(("exec >&2\n" + command).c_str()) != 0)
    throw failure(failed, "the restart failed: " + command);
}

void restart_by_hand() {
  std::cerr << "Restart the participant now, then press Enter." << std::endl;
  if (std::string line; !std::getline(std::cin, line))
    throw failure(failed, "nobody said that the participant was restarted");
}

std::function<void()> restart_of(const std::string& command) {
  if (!command.empty()) return [command] { restart_by(command); };
  if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) return restart_by_hand;
  return {};
}

ordered_json row_of(const conformance::finding& f) {
  return {{"rule", f.rule},
          {"step", f.step},
          {"result", !f.tried ? "not tested"
                     : f.kept ? "kept"
                              : "broken"},
          {"sentence", f.sentence},
          {"bytes", f.bytes}};
}

int test(context& x, const participant_flags& o) {
  const auto script = read_script_file(o.script);
  conformance::kit_settings k;
  k.desk.kafka = kafka_of(x);
  k.desk.reply_topic = o.topic_prefix + k.desk.reply_topic;
  k.desk.answer_within = std::chrono::seconds(o.answer_within_s);
  k.topic_prefix = o.topic_prefix;
  k.run = o.run.empty() ? random_run() : o.run;
  k.restart = restart_of(o.restart);
  const bool as_table = x.output.format() == format::table;
  if (as_table) k.found = [&](const conformance::finding& f) { print(x.output.stream(), f); };
  const auto all = test_participant(script, k);
  if (!as_table) {
    auto rows = ordered_json::array();
    for (const auto& f : all) rows.push_back(row_of(f));
    x.output.list(rows, {});
  }
  return all_kept(all) ? done : failed;
}
}  // namespace

void add_participant(const commands& c) {
  auto* const group = c.group("participant", "Services that take part in sagas");
  add_participant_list(c, *group);
  const auto o = std::make_shared<participant_flags>();
  auto* const sub = c.add_to(*group, "test", "Does a running participant keep the contract?",
                             [o](context& x) { return test(x, *o); });
  sub->add_option("script", o->script, "JSON file: the messages that the participant takes")
      ->required();
  sub->add_option("--topic-prefix", o->topic_prefix, "begins the names of its topics");
  sub->add_option("--restart", o->restart,
                  "shell command that restarts it, and returns; without it a terminal is asked");
  sub->add_option("--run", o->run, "begins the business keys; default: drawn");
  constexpr int most_patience_s = 600;
  sub->add_option("--answer-within", o->answer_within_s, "seconds to wait for each answer")
      ->check(CLI::Range(1, most_patience_s))
      ->capture_default_str();
}
}  // namespace skald::cli
