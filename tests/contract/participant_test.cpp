// The vending machine's participants, as processes, under the conformance kit: real Kafka, real
// PostgreSQL, and afterwards a look into their books.
#include "tests/contract/participant_program.hpp"

using namespace skald;

namespace {
conformance::script script(const std::string& name) {
  return test::read_script_file(std::string(SKALD_VENDING_DIR) + "/conformance/" + name + ".json");
}
std::vector<std::string> program(const std::string& name) {
  return {std::string(SKALD_BIN_DIR) + "/vending_" + name};
}
// Of a fence row f; null when it remembers no reply.
const std::string order_of_reply =
    "case when f.reply <> '' then convert_from(f.reply, 'UTF8')::jsonb->>'order_id' end";
}  // namespace

TEST_CASE("inventory keeps the contract, and holds nothing that was undone") {
  test::participant_program inventory(program("inventory"), "inventory");
  test::check_all_kept(inventory.run_kit(script("inventory")), inventory.log());
  CHECK(inventory.stop() == 0);
  auto books = inventory.open_books();
  books.exec("set search_path = vending_inventory");
  // What is done by a command is held; what is undone is not. The one exception: an operator's word
  // (settle to undone) that it was put back by hand.
  CHECK(books
            .exec("select count(*) from fence f join reservation r"
                  "  on r.order_id = " +
                  order_of_reply + " where (f.state = 'done') = r.released")
            .number(0, 0) == 1);
  CHECK(books.exec("select count(*) from reservation where not released").number(0, 0) > 0);
  CHECK(books
            .exec("select sum(stock) + (select count(*) from reservation where not released)"
                  "     = (select count(*) - 1 from slot) * 1000000000 from slot")
            .boolean(0, 0));
  CHECK(books.exec("select count(*) from set_aside").number(0, 0) >= 10);
}

TEST_CASE("payments keeps the contract, and every undone payment is refunded once") {
  test::participant_program payments(program("payments"), "payments");
  test::check_all_kept(payments.run_kit(script("payments")), payments.log());
  CHECK(payments.stop() == 0);
  auto books = payments.open_books();
  books.exec("set search_path = vending_payments");
  // A settle to undone is an operator's word: money was given back by hand, no row of ours.
  CHECK(books
            .exec("select count(*) from fence f where f.state = 'undone' and f.occurrence = ''"
                  "   and f.reply_type = 'vending.PaymentCompleted.v1' and not exists"
                  " (select from refund r where r.payment_id ="
                  "    convert_from(f.reply, 'UTF8')::jsonb->>'payment_id')")
            .number(0, 0) == 1);
  CHECK(books.exec("select count(*) from refund").number(0, 0) > 0);
  CHECK(books
            .exec("select count(*) from refund r join payment p on p.id = r.payment_id"
                  " where p.amount_cents <> r.amount_cents")
            .number(0, 0) == 0);
}

TEST_CASE("machine keeps the contract, and no drink falls twice or behind a fence") {
  test::participant_program machine(program("machine"), "machine");
  test::check_all_kept(machine.run_kit(script("machine")), machine.log());
  CHECK(machine.stop() == 0);
  auto books = machine.open_books();
  books.exec("set search_path = vending_machine");
  CHECK(books.exec("select count(*) from drink").number(0, 0) > 0);
  CHECK(books.exec("select count(*) - count(distinct order_id) from drink").number(0, 0) == 0);
  CHECK(books
            .exec("select count(*) from drink d where not exists (select from fence f"
                  " where f.state = 'done' and d.order_id = " +
                  order_of_reply + ")")
            .number(0, 0) == 0);
}
