#include "orchestrator/simulate/shrink.hpp"

#include <algorithm>

namespace skald::sim {
namespace {
class shrinker {
 public:
  shrinker(const plan& p, std::span<const script> all, const breakage& b) : all_(all), b_(b) {
    best_ = p;
    best_.definition = script_of(p, all).spec().name;
    first_ = run_it(best_);
  }

  shrunk all_of_it() {
    if (first_.broken()) {
      fewer_sagas();
      fewer_kinds();
      fewer_faults();
      fewer_kinds();
    }
    shrunk out{best_, {}, runs_};
    out.plan.trace = std::max(0, first_.findings.saga);
    out.outcome = run_it(out.plan);
    return out;
  }

 private:
  outcome run_it(const plan& p) {
    ++runs_;
    return run(p, script_of(p, all_), b_);
  }
  // True: it is broken still, and the best so far.
  bool take(const plan& p) {
    if (runs_ >= most_shrink_runs) return false;
    const auto now = run_it(p);
    if (!now.broken()) return false;
    best_ = p;
    first_ = now;
    return true;
  }

  void fewer_sagas() {
    auto one = best_;
    one.only_saga = first_.findings.saga;
    if (one.only_saga >= 0 && take(one)) return;
    for (auto n = best_.sagas / 2; n > 0; n /= 2) {
      auto fewer = best_;
      fewer.sagas = n;
      if (!take(fewer)) break;
      one = best_;
      one.only_saga = first_.findings.saga;
      if (one.only_saga >= 0 && take(one)) return;
    }
  }
  void fewer_kinds() {
    for (std::size_t i = 0; i < fault_kinds; ++i) {
      auto less = best_;
      less.without |= fault_set{1} << i;
      if (less.without != best_.without) take(less);
    }
  }
  void fewer_faults() {
    std::uint64_t works = std::min(best_.most_faults, first_.faults), fails = 0;
    while (works > fails + 1 && runs_ < most_shrink_runs) {
      auto less = best_;
      less.most_faults = fails + (works - fails) / 2;
      if (take(less))
        works = less.most_faults;
      else
        fails = less.most_faults;
    }
  }

  const std::span<const script> all_;
  const breakage& b_;
  plan best_;
  outcome first_;
  int runs_ = 0;
};
}  // namespace

shrunk shrink(const plan& p, std::span<const script> all, const breakage& b) {
  return shrinker(p, all, b).all_of_it();
}

std::string to_test(const plan& p, const script& s) {
  const std::string name(s.spec().name);
  const auto& known = reference_scripts();
  const bool reference = std::any_of(known.begin(), known.end(),
                                     [&](const script& r) { return r.json() == s.json(); });
  const auto number = [](auto n) { return std::to_string(n); };
  std::string out =
      "TEST_CASE(\"simulated: seed " + number(p.seed) + ", " + name +
      "\") {\n  using namespace skald::sim;\n  plan p;\n  p.seed = " + number(p.seed) +
      "u;\n  p.sagas = " + number(p.sagas) + ";\n  p.only_saga = " + number(p.only_saga) + ";\n";
  for (std::size_t i = 0; i < fault_kinds; ++i)
    if (p.without >> i & 1)
      out += "  p.without |= bit(fault::" + std::string(faults[i].name) + ");\n";
  if (p.most_faults != plan().most_faults)
    out += "  p.most_faults = " + number(p.most_faults) + "u;\n";
  out += "  p.definition = \"" + name + "\";\n";
  if (reference)
    out += "  const auto done = run(p, script_of(p, reference_scripts()));\n";
  else
    out += "  const script own(skald::load_definition(R\"definition(" + s.json() +
           ")definition\"));\n  const auto done = run(p, own);\n";
  return out + "  CHECK(done.findings.violation == \"\");\n}\n";
}
}  // namespace skald::sim
