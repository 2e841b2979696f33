// The audit: money taken = drinks dispensed x price + refunds + open operator items, to the cent,
// for each order and in total, from the participants' own tables.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "examples/vending/audit_rules.hpp"
#include "outbox/postgres/connection.hpp"

using namespace vending;

namespace {
constexpr int ok = 0, violated = 1, bad_usage = 2, unreachable = 5;

struct options {
  std::string postgres, inventory, payments, machine;
  std::vector<std::string> open_items;  // ORDER=CENTS
  std::string order_prefix;
  int show = 20;
  bool json = false;
};
using all_books = std::map<std::string, order_books>;

skald::pg::connection open(const options& o, const std::string& url, const char* schema) {
  skald::pg::connection c(url.empty() ? o.postgres : url);
  c.exec("select set_config('search_path', quote_ident($1), false)", {schema});
  return c;
}

void read_payments(const options& o, all_books& books) {
  auto payments = open(o, o.payments, "vending_payments");
  const auto rows = payments.exec(
      "select p.order_id, sum(p.amount_cents)::bigint, coalesce(sum(r.amount_cents), 0)::bigint,"
      "       bool_or(r.amount_cents <> p.amount_cents) is true"
      "  from payment p left join refund r on r.payment_id = p.id"
      " where starts_with(p.order_id, $1) group by 1",
      {o.order_prefix});
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    auto& b = books[rows.text(i, 0)];
    b.taken_cents = rows.number(i, 1);
    b.refunded_cents = rows.number(i, 2);
    b.wrong_refund = rows.boolean(i, 3);
  }
}

void read_drinks(const options& o, all_books& books) {
  auto inventory = open(o, o.inventory, "vending_inventory");
  std::map<std::int64_t, std::int64_t> price_cents;
  const auto slots = inventory.exec("select no, price_cents from slot");
  for (std::size_t i = 0; i < slots.rows(); ++i)
    price_cents[slots.number(i, 0)] = slots.number(i, 1);
  const auto held = inventory.exec(
      "select order_id, count(*) from reservation"
      " where not released and starts_with(order_id, $1) group by 1",
      {o.order_prefix});
  for (std::size_t i = 0; i < held.rows(); ++i)
    books[held.text(i, 0)].held = static_cast<int>(held.number(i, 1));

  auto machine = open(o, o.machine, "vending_machine");
  const auto drinks = machine.exec(
      "select order_id, slot, count(*) from drink where starts_with(order_id, $1) group by 1, 2",
      {o.order_prefix});
  for (std::size_t i = 0; i < drinks.rows(); ++i) {
    auto& b = books[drinks.text(i, 0)];
    b.drinks += static_cast<int>(drinks.number(i, 2));
    b.worth_cents += drinks.number(i, 2) * price_cents[drinks.number(i, 1)];
  }
}

void read_open_items(const options& o, all_books& books) {
  for (const auto& item : o.open_items) {
    const auto equals = item.rfind('=');
    if (equals == item.npos) throw CLI::ValidationError("--open-item", "must be ORDER=CENTS");
    auto& b = books[item.substr(0, equals)];
    b.open = true;
    b.open_cents += std::stoll(item.substr(equals + 1));
  }
}

int audit(const options& o) {
  all_books books;
  read_payments(o, books);
  read_drinks(o, books);
  read_open_items(o, books);
  order_books total;
  int mistakes = 0;
  for (const auto& [order, b] : books) {
    total.taken_cents += b.taken_cents;
    total.refunded_cents += b.refunded_cents;
    total.worth_cents += b.worth_cents;
    total.open_cents += b.open_cents;
    total.drinks += b.drinks;
    const auto mistake = find_mistake(b);
    if (mistake.empty()) continue;
    if (++mistakes <= o.show) std::cerr << order << ": " << mistake << "\n";
  }
  if (o.json)
    std::cout << "{\"orders\":" << books.size() << ",\"drinks\":" << total.drinks
              << ",\"taken_cents\":" << total.taken_cents
              << ",\"worth_cents\":" << total.worth_cents
              << ",\"refunded_cents\":" << total.refunded_cents
              << ",\"open_cents\":" << total.open_cents << ",\"mistakes\":" << mistakes << "}\n";
  else
    std::cout << "orders " << books.size() << "  drinks " << total.drinks << "  taken "
              << total.taken_cents << "  drinks' worth " << total.worth_cents << "  refunded "
              << total.refunded_cents << "  open " << total.open_cents << " (cents)  money: "
              << (mistakes ? "NOT EXACT, " + std::to_string(mistakes) + " orders" : "exact")
              << "\n";
  return mistakes ? violated : ok;
}
}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Audits the vending machine's money, to the cent, from the participants' tables");
  app.add_option("--postgres", o.postgres, "URL, when all participants share one database")
      ->envname("SKALD_PARTICIPANT_POSTGRES");
  app.add_option("--inventory", o.inventory, "URL of the inventory's database");
  app.add_option("--payments", o.payments, "URL of the payments' database");
  app.add_option("--machine", o.machine, "URL of the machine's database");
  app.add_option("--open-item", o.open_items, "ORDER=CENTS that an operator has open");
  app.add_option("--order-prefix", o.order_prefix, "Only orders that begin so");
  app.add_option("--show", o.show, "Mistakes to print")->capture_default_str();
  app.add_flag("--json", o.json, "The totals as JSON");
  try {
    app.parse(argc, argv);
    if (o.postgres.empty() && (o.inventory.empty() || o.payments.empty() || o.machine.empty()))
      throw CLI::ValidationError("--postgres", "or all three databases are needed");
    return audit(o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? ok : bad_usage;
  } catch (const skald::pg::error& e) {
    std::cerr << "audit: " << e.what() << "\n";
    return unreachable;
  } catch (const std::exception& e) {
    std::cerr << "audit: " << e.what() << "\n";
    return bad_usage;
  }
}
