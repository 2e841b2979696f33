// What the model checker costs: states, seconds of CPU and states a second for sagas of three to
// six steps (docs/checker.md). `explore_bench NAME` explores one alone, for a profiler.
#include "sagas/explore/explore.hpp"

#include <cstdio>
#include <ctime>
#include <string>

#include "tests/unit/sagas/explore_sagas.hpp"

namespace {
using namespace skald;
using namespace skald::test;

struct subject {
  definition d;
  explore::options o;
};

definition six(string_view name, step fourth) {
  return saga_of(name, {compensatable("a", 0), compensatable("b", 1), compensatable("c", 2), fourth,
                        pivot("e", 4), retriable_step("f", 5)});
}

void run(const subject& s) {
  const auto begin = std::clock();
  const auto r = explore::explore(s.d, s.o);
  const auto seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("  %-28s %9zu states, depth %2d, %6.2f s of CPU, %8.0f states/s  %s\n",
              std::string(s.d.name).c_str(), r.states, r.depth, seconds,
              static_cast<double>(r.states) / seconds,
              r.verdict == explore::verdict::proven ? "proven" : "NOT PROVEN");
  std::fflush(stdout);
}
}  // namespace

int main(int argc, char** argv) {
  const auto await = awaited("pay", 3, unclaimed::undo);
  auto exact = vending();
  exact.name = "vending, copies counted";
  const subject all[] = {{vending(), {}},
                         {paid_by_customer(), {}},
                         {six("six steps", compensatable("d", 3)), {}},
                         {six("six steps, one payment", await), {.payments = 1}},
                         {six("six steps, two payments", await), {}},
                         {exact, {.exact = true}}};
  for (const auto& s : all)
    if (argc < 2 || s.d.name == argv[1]) run(s);
}
