// Prints one of the vending machine's definitions as JSON: `vending_definitions vending`.
#include <cstdio>
#include <string>

#include "examples/vending/saga.hpp"
#include "skald/json.hpp"

int main(int argc, char** argv) {
  constexpr int bad_usage = 2;
  const std::string name = argc == 2 ? argv[1] : "";
  for (const auto* d : {&vending::vending_saga, &vending::self_pay_saga}) {
    if (name != d->name) continue;
    std::puts(skald::to_readable_json(*d).c_str());
    return 0;
  }
  std::fputs("usage: vending_definitions vending|vending_self_pay\n", stderr);
  return bad_usage;
}
