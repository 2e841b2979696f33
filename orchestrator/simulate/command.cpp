#include "orchestrator/simulate/command.hpp"

#include <ctime>
#include <fstream>
#include <ostream>

namespace skald::sim {
namespace {
double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

constexpr double progress_every_s = 10;

void tell_progress(std::ostream& err, const series& s, const simulate_options& o) {
  err << s.sagas;
  if (o.sagas > 0) err << " of " << o.sagas;
  err << " sagas, " << static_cast<std::int64_t>(s.sagas_per_minute()) << " a minute, "
      << unreached(s).size() << " of what must be reached is not yet\n";
}

bool goes_on(const series& s, const simulate_options& o) {
  if (s.violations > 0) return false;
  if (o.seconds > 0 && s.seconds >= o.seconds) return false;
  return o.sagas == 0 || s.sagas < o.sagas;
}
}  // namespace

int simulate_command(const simulate_options& o, std::span<const script> all, std::ostream& out,
                     std::ostream& err, const breakage& b) {
  series s;
  s.seed = o.seed;
  const auto begun = processor_seconds();
  auto tell_at_s = progress_every_s;
  plan p;
  p.sagas = o.sagas_a_run;
  p.definition = o.definition;
  for (p.seed = o.seed; goes_on(s, o); ++p.seed) {
    const auto one = run(p, script_of(p, all), b);
    s.add(p, one);
    s.seconds = processor_seconds() - begun;
    if (s.seconds >= tell_at_s) {
      tell_progress(err, s, o);
      tell_at_s = s.seconds + progress_every_s;
    }
    if (!one.broken()) continue;
    err << "seed " << p.seed << ": " << one.findings.violation << "; shrinking\n";
    const auto small = shrink(p, all, b);
    write(err, small);
    if (!o.emit_test.empty()) {
      std::ofstream file(o.emit_test);
      file << "#include <doctest/doctest.h>\n\n"
              "#include \"orchestrator/simulate/definitions.hpp\"\n"
              "#include \"orchestrator/simulate/run.hpp\"\n\n"
           << to_test(small.plan, script_of(small.plan, all));
      err << (file.flush() ? "  a test is in " : "  no test could be written to ") << o.emit_test
          << "\n";
    }
  }
  const auto missing = unreached(s);
  if (o.json)
    out << to_json(s, missing) << "\n";
  else
    write(out, s, missing);
  return s.violations > 0 || (o.full && !missing.empty()) ? 1 : 0;
}
}  // namespace skald::sim
