// The machine: lets the drink fall. That cannot be undone; until it has happened, it can be barred.
#include <pqxx/pqxx>

#include "examples/vending/events.hpp"
#include "examples/vending/program.hpp"
#include "examples/vending/rules.hpp"
#include "machine_sql.hpp"

using namespace vending;

namespace {
skald::response dispense(skald::transaction& tx, const DispenseDrink& c) {
  if (jams(c.slot)) return skald::declined(DispenseFailed{c.order_id, "jammed"});
  tx.exec_params("insert into drink (order_id, slot) values ($1, $2)", c.order_id, c.slot);
  return skald::ok(DrinkDispensed{c.order_id});
}
}  // namespace

int main(int argc, char** argv) {
  return run({.name = "machine",
              .tables = machine_sql,
              .handle =
                  [](skald::participant& machine) {
                    machine.on<DispenseDrink>(dispense).fence<CancelDispense>();
                  }},
             argc, argv);
}
