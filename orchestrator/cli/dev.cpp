// skald dev: everything on one machine, to look at and to throw away.
#include <unistd.h>

#include <iomanip>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/stop_signals.hpp"
#include "orchestrator/dev/free_port.hpp"
#include "orchestrator/dev/vending_demo.hpp"

namespace skald::cli {
namespace {
using nlohmann::ordered_json;

constexpr std::uint64_t most_once = 100'000;
constexpr double fastest_per_second = 2'000;

struct dev_flags {
  std::string demo, participants;
  dev::demo_settings settings;
};

std::string euros(std::int64_t cents) {
  const auto rest = std::to_string(cents % 100);
  return std::to_string(cents / 100) + (rest.size() == 1 ? ".0" : ".") + rest;
}

void print(context& x, const dev::demo_result& r, const ordered_json& money) {
  if (x.output.format() != format::table) {
    x.output.show({{"sagas", r.started},
                   {"completed", r.completed},
                   {"aborted", r.aborted},
                   {"stuck", r.stuck},
                   {"duplicates_noted", r.duplicates_noted},
                   {"parked", r.early_noted},
                   {"restarts", r.restarts},
                   {"seconds", r.seconds},
                   {"all_ended", r.all_ended},
                   {"exact", r.exact},
                   {"audit", money}});
    return;
  }
  const auto cents = [&](const char* name) { return euros(money[name].get<std::int64_t>()); };
  x.output.stream() << r.started << " sagas: " << r.completed << " completed, " << r.aborted
                    << " aborted, " << r.stuck << " stuck; duplicates noted " << r.duplicates_noted
                    << ", parked " << r.early_noted << ", restarts " << r.restarts << "\n"
                    << money["drinks"] << " drinks; taken " << cents("taken_cents") << " = drinks "
                    << cents("worth_cents") << " + refunds " << cents("refunded_cents")
                    << "; money: " << (r.exact ? "exact" : "NOT EXACT") << "\n";
}

int run(context& x, dev_flags o) {
  auto& s = o.settings;
  try {
    s.participants = dev::read_languages(o.participants);
  } catch (const std::invalid_argument& e) {
    throw failure(usage, std::string("--participants: ") + e.what());
  }
  s.version = SKALD_VERSION;
  s.kafka = x.settings.text("kafka");
  s.postgres = x.settings.text("postgres");
  s.prefix = x.settings.text("prefix");
  s.http = x.settings.text("http.listen");
  if (s.http.empty() && s.once == 0) s.http = dev::free_address();
  s.live_line = isatty(STDERR_FILENO) != 0;
  if (s.kafka.empty() && s.per_second > dev::fastest_in_memory_per_second)
    throw failure(usage, "--per-second " + std::to_string(static_cast<int>(s.per_second)) +
                             " is more than the broker in memory can be trusted with (" +
                             std::to_string(static_cast<int>(dev::fastest_in_memory_per_second)) +
                             "); use --kafka for more");
  if (s.kafka.empty() && dev::need_real_kafka(s.participants))
    throw failure(usage,
                  "the broker in memory does not understand the Kafka clients of Go and Java: give "
                  "--kafka, or run ./dev demo, which starts one");
  block_stop_signals();
  const auto r = dev::run_vending_demo(s, x.err);
  print(x, r, ordered_json::parse(r.audit));
  if (!r.mistakes.empty()) x.err << r.mistakes;
  if (!r.all_ended)
    throw failure(timed_out,
                  "not all sagas ended in time; `skald dev` without --once keeps "
                  "running, so that `skald saga list` can tell why");
  if (s.once > 0 && r.exact) x.err << "try:  skald dev --demo vending      and let it run\n";
  return r.exact && r.stuck == 0 ? done : failed;
}
}  // namespace

void add_dev(const commands& c) {
  const auto o = std::make_shared<dev_flags>();
  auto* const sub = c.add("dev", "Everything on one machine, thrown away at the end",
                          [o](context& x) { return run(x, *o); });
  sub->add_option("--demo", o->demo, "what to show")->required()->check(CLI::IsMember({"vending"}));
  sub->add_option("--once", o->settings.once, "end after so many sagas, audit the money")
      ->check(CLI::Range(std::uint64_t{1}, most_once));
  sub->add_option("--per-second", o->settings.per_second, "customers a second")
      ->check(CLI::Range(0.1, fastest_per_second))
      ->capture_default_str();
  sub->add_option("--participants", o->participants,
                  "in other languages: payments=python,inventory=go,machine=java");
  sub->add_option("--seed", o->settings.seed, "of everything that goes wrong on purpose");
  sub->add_flag("--self-pay", o->settings.self_pay,
                "the customers pay by themselves: early, late, twice");
}
}  // namespace skald::cli
