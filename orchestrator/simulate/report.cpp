#include "orchestrator/simulate/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "orchestrator/simulate/reach.hpp"

namespace skald::sim {
void series::add(const plan& p, const outcome& o) {
  ++runs;
  sagas += p.only_saga < 0 ? static_cast<std::uint64_t>(p.sagas) : 1;
  violations += o.broken();
  const auto& f = o.findings;
  completed += f.completed, aborted += f.aborted, with_items += f.with_items;
  seen_to += f.seen_to, effects += f.effects, undone += f.undone, commands += f.commands;
  journal_rows += f.journal_rows, quarantined += f.quarantined;
  absorbed += o.absorbed, faults += o.faults, fenced += o.fenced, unknown += o.unknown;
  take_overs += o.take_overs, simulated_ms += o.simulated_ms;
  coverage.add(o.coverage);
}

std::vector<std::string> unreached(const series& s) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < machine::cells; ++i)
    if (s.coverage.clauses[i] == 0 && why_not(static_cast<machine::cell>(i)).empty())
      all.push_back("clause " + std::string(machine::table[i].name));
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (s.coverage.faults[i] == 0) all.push_back("fault " + std::string(faults[i].name));
  for (const auto& place : failpoint::known()) {
    if (!why_not(place.name).empty()) continue;
    const auto& passed = s.coverage.failpoints;
    if (std::none_of(passed.begin(), passed.end(),
                     [&](const auto& f) { return f.name == place.name && f.deaths > 0; }))
      all.push_back("death at failpoint " + std::string(place.name));
  }
  return all;
}

std::string to_json(const series& s, const std::vector<std::string>& missing) {
  nlohmann::ordered_json out = {
      {"seed", s.seed},
      {"sagas", s.sagas},
      {"sagas_per_minute", static_cast<std::int64_t>(s.sagas_per_minute())},
      {"violations", s.violations},
      {"runs", s.runs},
      {"seconds", s.seconds},
      {"simulated_seconds", s.simulated_ms / 1'000},
      {"completed", s.completed},
      {"aborted", s.aborted},
      {"with_operator_items", s.with_items},
      {"operator_decided", s.seen_to},
      {"effects", s.effects},
      {"effects_undone", s.undone},
      {"duplicates_absorbed", s.absorbed},
      {"faults", s.faults},
      {"commits_fenced", s.fenced},
      {"commits_unknown", s.unknown},
      {"take_overs", s.take_overs},
      {"quarantined", s.quarantined},
      {"unreached", missing}};
  auto& c = out["coverage"];
  for (std::size_t i = 0; i < machine::cells; ++i)
    c["clauses"][std::string(machine::table[i].name)] = s.coverage.clauses[i];
  for (std::size_t i = 0; i < fault_kinds; ++i)
    c["faults"][std::string(faults[i].name)] = s.coverage.faults[i];
  for (std::size_t i = 0; i < machine::cells; ++i)
    if (const auto why = why_not(static_cast<machine::cell>(i)); !why.empty())
      c["cannot_be_reached"][std::string(machine::table[i].name)] = why;
  for (const auto& f : failpoint::known())
    if (const auto why = why_not(f.name); !why.empty())
      c["cannot_be_reached"][std::string(f.name)] = why;
  c["failpoints"] = nlohmann::ordered_json::object();
  for (const auto& f : s.coverage.failpoints)
    c["failpoints"][std::string(f.name)] = {{"passes", f.passes}, {"deaths", f.deaths}};
  return out.dump(2);
}

void write(std::ostream& out, const series& s, const std::vector<std::string>& missing) {
  std::size_t reached = 0, reachable = 0;
  for (std::size_t i = 0; i < machine::cells; ++i) {
    if (!why_not(static_cast<machine::cell>(i)).empty()) continue;
    ++reachable;
    reached += s.coverage.clauses[i] > 0;
  }
  out << "seed " << s.seed << ": " << s.sagas << " sagas in " << s.runs << " runs, "
      << static_cast<std::int64_t>(s.sagas_per_minute()) << " a minute; " << s.violations
      << " violations\n"
      << "  " << s.completed << " completed, " << s.aborted << " aborted, " << s.with_items
      << " wait for the operator, " << s.seen_to << " are as the operator said\n"
      << "  " << s.effects << " effects, " << s.undone << " undone; " << s.absorbed
      << " duplicates absorbed; " << s.quarantined << " records in quarantine\n"
      << "  " << s.faults << " faults; " << s.fenced << " commits fenced, " << s.unknown
      << " of unknown fate, " << s.take_overs << " take-overs\n"
      << "  clauses of the table reached: " << reached << " of " << reachable << "; the other "
      << machine::cells - reachable << " no schedule can reach (--json says why)\n";
  if (!missing.empty()) {
    out << "  not reached:";
    for (const auto& m : missing) out << " " << m << ";";
    out << "\n";
  }
}

void write(std::ostream& out, const shrunk& s) {
  out << "BROKEN: " << s.outcome.findings.violation << "\n"
      << "  seed " << s.plan.seed << ", " << s.plan.definition << ", saga "
      << s.outcome.findings.saga << ", " << s.outcome.faults << " faults (shrunk in " << s.runs
      << " runs)\n  kinds:";
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (s.outcome.coverage.faults[i] > 0)
      out << " " << faults[i].name << " x" << s.outcome.coverage.faults[i];
  out << "\n";
  for (const auto& line : s.outcome.story) out << "  " << line << "\n";
}
}  // namespace skald::sim
