// skald simulate: the engine and the batch path in a world where everything goes wrong.
#include <fstream>
#include <memory>
#include <sstream>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/simulate/command.hpp"
#include "orchestrator/simulate/definitions.hpp"

namespace skald::cli {
namespace {
struct simulate_flags {
  sim::simulate_options how;
  std::string file;
};

std::vector<sim::script> read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (!(text << file.rdbuf())) throw failure(usage, "the file " + path + " cannot be read");
  try {
    std::vector<sim::script> one;
    one.emplace_back(load_definition(text.str()));
    return one;
  } catch (const bad_definition& e) {
    throw failure(usage, path + ": " + e.what());
  }
}

int simulate(context& x, simulate_flags o) {
  o.how.json = x.output.format() != format::table;
  if (!o.file.empty())
    return sim::simulate_command(o.how, read_file(o.file), x.output.stream(), x.err);
  return sim::simulate_command(o.how, sim::reference_scripts(), x.output.stream(), x.err);
}
}  // namespace

void add_simulate(const commands& c) {
  const auto o = std::make_shared<simulate_flags>();
  auto* const sub =
      c.add("simulate", "Run sagas in a world where everything goes wrong, and audit it",
            [o](context& x) { return simulate(x, *o); });
  auto& how = o->how;
  sub->add_option("file", o->file, "a definition (JSON); without it the reference sagas");
  sub->add_option("--seed", how.seed, "of the first run; a seed gives the same run everywhere");
  sub->add_option("--sagas", how.sagas, "at least so many; 0: until --seconds are over");
  sub->add_option("--seconds", how.seconds, "of processor time, at most");
  sub->add_option("--run", how.sagas_a_run, "sagas of one run")->check(CLI::Range(1, 100'000));
  sub->add_flag("--full", how.full, "fail when a clause, fault or failpoint was not reached");
  sub->add_option("--emit-test", how.emit_test, "write a violation's shortest schedule as a test");
}
}  // namespace skald::cli
