// The inventory: reserves a drink for an order, and puts it back.
#include <pqxx/pqxx>

#include "examples/vending/events.hpp"
#include "examples/vending/program.hpp"
#include "examples/vending/rules.hpp"
#include "inventory_sql.hpp"

using namespace vending;

namespace {
skald::response reserve(skald::transaction& tx, const ReserveItem& c) {
  const auto slot = tx.exec_params("select stock from slot where no = $1 for update", c.slot);
  if (slot.empty() || !can_reserve(slot[0][0].as<std::int64_t>()))
    return skald::declined(OutOfStock{c.order_id, c.slot});
  const auto id = "reservation-" + c.order_id;
  tx.exec_params("update slot set stock = stock - 1 where no = $1", c.slot);
  tx.exec_params("insert into reservation (id, order_id, slot) values ($1, $2, $3)", id, c.order_id,
                 c.slot);
  return skald::ok(ItemReserved{c.order_id, id});
}

// Called for what was reserved and is still held; the fence has seen to that.
void release(skald::transaction& tx, const ReleaseItem& c, const skald::effect&) {
  tx.exec_params(
      "with freed as (update reservation set released = true"
      "                where order_id = $1 and not released returning slot) "
      "update slot set stock = stock + 1 from freed where slot.no = freed.slot",
      c.order_id);
}
}  // namespace

int main(int argc, char** argv) {
  return run({.name = "inventory",
              .tables = inventory_sql,
              .handle =
                  [](skald::participant& inventory) {
                    inventory.on<ReserveItem>(reserve).undo<ReleaseItem>(release);
                  }},
             argc, argv);
}
