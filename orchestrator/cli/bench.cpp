// skald bench: what a service reaches on the given servers, and what it could reach at best.
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/bench/command.hpp"
#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/migrations_of.hpp"
#include "outbox/bench/relay_bench.hpp"

namespace skald::cli {
namespace {
struct bench_flags {
  bench::bench_options how;
  bool relay = false;
  double warm_up_s = 0, measured_s = 0;
};

int measure(context& x, bench_flags o) {
  o.how.servers = {required(x, "postgres"), required(x, "kafka"), migrations_of};
  o.how.workers = static_cast<int>(x.settings.count("workers"));
  o.how.json = x.output.format() != format::table;
  const auto to_ms = [](double s) { return std::chrono::milliseconds(std::int64_t(s * 1000)); };
  o.how.warm_up = to_ms(o.warm_up_s);
  o.how.measured = to_ms(o.measured_s);
  return bench::bench_command(o.how, x.output.stream(), x.err);
}

int measure_relay(context& x, bool quick) {
  bench::relay_bench_settings how;
  how.postgres = required(x, "postgres");
  how.kafka.bootstrap = required(x, "kafka");
  how.migrations = migrations_of("outbox");
  how.quick = quick;
  how.progress = [&](std::string_view line) {
    x.err << "skald bench relay: " << line << std::endl;
  };
  const auto measured = bench::bench_relay(how);
  x.output.show(nlohmann::ordered_json::parse(bench::to_json(measured)));
  return measured.lost + measured.order_violations == 0 ? done : failed;
}
}  // namespace

void add_bench(const commands& c) {
  const auto o = std::make_shared<bench_flags>();
  auto* const sub =
      c.add("bench", "Measure: throughput, latency, cost, and the floors under them",
            [o](context& x) { return o->relay ? measure_relay(x, o->how.quick) : measure(x, *o); });
  auto& how = o->how;
  auto* const relay = sub->add_subcommand("relay", "Measure the relay of an outbox instead");
  relay->fallthrough()->callback([o] { o->relay = true; });
  relay->add_flag("--quick", how.quick, "fewer rows and rounds");
  sub->add_flag("--quick", how.quick, "short runs, no growth, no kills: under 5 minutes");
  sub->add_option("--only", how.only, "names of runs, with commas between them")->delimiter(',');
  sub->add_option("--window", how.window, "sagas in flight in a closed loop");
  sub->add_option("--preload", how.preload, "finished sagas that the growth run finds");
  sub->add_option("--kills", how.kills, "kill -9 of a service in the runs of that name");
  sub->add_option("--open-sagas", how.open_sagas, "open sagas of the restart run");
  sub->add_option("--warm-up", o->warm_up_s, "seconds before the measuring");
  sub->add_option("--measured", o->measured_s, "seconds of measuring");
  sub->add_option("--seed", how.seed, "of failures, noise and kills");
  sub->add_option("--write-doc", how.write_doc, "page whose measured part is written anew");
}
}  // namespace skald::cli
