// The payments: charges a card, and gives the money back.
#include <pqxx/pqxx>

#include "examples/vending/events.hpp"
#include "examples/vending/program.hpp"
#include "examples/vending/rules.hpp"
#include "payments_sql.hpp"

using namespace vending;

namespace {
skald::response charge(skald::transaction& tx, const ChargePayment& c) {
  if (const auto why = why_declined(c.amount_cents, c.currency); !why.empty())
    return skald::declined(PaymentDeclined{c.order_id, std::string(why)});
  const auto id = "payment-" + c.order_id;
  tx.exec_params("insert into payment (id, order_id, amount_cents) values ($1, $2, $3)", id,
                 c.order_id, c.amount_cents);
  return skald::ok(PaymentCompleted{c.order_id, id, c.amount_cents}).named(id);
}

// What was charged is known here. What the customer paid at the till is named by the refund.
void give_back(skald::transaction& tx, const RefundPayment& c, const skald::effect& e) {
  const auto charged = e.as<PaymentCompleted>();
  const auto payment_id = charged ? charged->payment_id : c.payment_id.value_or("");
  tx.exec_params(
      "insert into refund (payment_id, amount_cents)"
      " select id, amount_cents from payment where id = $1 and order_id = $2",
      payment_id, c.order_id);
}
}  // namespace

int main(int argc, char** argv) {
  return run({.name = "payments",
              .tables = payments_sql,
              .handle =
                  [](skald::participant& payments) {
                    payments.on<ChargePayment>(charge).undo<RefundPayment>(give_back);
                  }},
             argc, argv);
}
