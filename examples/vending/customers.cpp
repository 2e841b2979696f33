// Customers: they select drinks (records to `<prefix>.starts`), and in the second scenario pay by
// themselves at a till (a row in the payments' tables, and an event on payment.events).
#include <CLI/CLI.hpp>
#include <csignal>
#include <deque>
#include <iostream>
#include <map>
#include <thread>

#include "examples/vending/customers_plan.hpp"
#include "examples/vending/events.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/postgres/connection.hpp"
#include "skald/record.hpp"

using namespace vending;
using clock_type = std::chrono::steady_clock;
using skald::milliseconds;

namespace {
constexpr int ok = 0, failed = 1, bad_usage = 2, unreachable = 5;
constexpr milliseconds late_by{400}, early_by{150}, send_within{60'000}, till_within{60'000};
constexpr std::size_t max_scheduled = 100'000;
volatile std::sig_atomic_t stopped = 0;

struct options {
  std::string kafka, prefix = "skald", payments_url, payments_schema = "vending_payments";
  std::string saga, payment_topic = "payment.events", order_prefix = "order-";
  std::uint64_t count = 0, first = 1, seed = 1;
  double per_second = 50;
  bool self_pay = false;
  vending::chances chances;
};

class street {  // where customers and their messages come from
 public:
  explicit street(const options& o) : options_(o) {
    writer_ = skald::kafka::open_writer({.bootstrap = o.kafka, .client_id = "vending-customers"},
                                        {}, [this](const skald::log_writer::delivery& d) {
                                          if (!d.error.empty()) broken_ = d.error;
                                        });
    if (!o.self_pay) return;
    till_.emplace(o.payments_url);
    till_->exec("select set_config('search_path', quote_ident($1), false)", {o.payments_schema});
    wait_for_till();
  }

  void enter(const visit& v) {
    const auto now = clock_type::now();
    const bool early = options_.self_pay && v.when == visit::pays::early;
    const auto start =
        now + (early ? early_by : milliseconds(0)) + (v.start_late ? late_by : milliseconds(0));
    for (int copy = 0; copy < v.starts; ++copy) at(start, [this, v] { select(v); });
    if (!options_.self_pay) return;
    const auto paid = early ? now : v.when == visit::pays::late ? start + late_by : start;
    for (int payment = 1; payment <= v.payments; ++payment)
      at(paid, [this, v, payment] { pay(v, payment); });
  }

  // Does what is due; all of it at the end.
  void serve(bool all) {
    while (!due_.empty() && (all || due_.begin()->first <= clock_type::now())) {
      const auto act = std::move(due_.begin()->second);
      due_.erase(due_.begin());
      act();
    }
    writer_->poll();
    if (!broken_.empty()) throw skald::log_error(broken_);
  }
  bool busy() const { return due_.size() >= max_scheduled; }
  std::optional<clock_type::time_point> next_due() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
  }
  // Every record is acknowledged, or log_error.
  void finish() {
    const bool sent = writer_->flush(send_within);
    if (!broken_.empty()) throw skald::log_error("not all records were taken: " + broken_);
    if (!sent) throw skald::log_error("not all records were taken in time");
  }

 private:
  // The payments make their tables when they start.
  void wait_for_till() {
    const auto end = clock_type::now() + till_within;
    while (!till_->exec("select to_regclass('payment') is not null").boolean(0, 0)) {
      if (stopped || clock_type::now() > end)
        throw std::runtime_error("the payments have no tables: start vending_payments first");
      std::this_thread::sleep_for(milliseconds(100));
    }
  }

  void at(clock_type::time_point t, std::function<void()> act) { due_.emplace(t, std::move(act)); }

  void select(const visit& v) {
    const ItemSelected event{v.order_id, v.slot, price_cents(v.slot)};
    send(options_.prefix + ".starts", v.order_id, skald::wire_name<ItemSelected>,
         v.order_id + "/selected", "start", skald::to_json(event));
  }

  // The till's books first: an event that is lost is money that the audit misses.
  void pay(const visit& v, int payment) {
    const CustomerPaid event{v.order_id, "till-" + v.order_id + "-" + std::to_string(payment),
                             price_cents(v.slot)};
    till_->exec(
        "insert into payment (id, order_id, amount_cents, by_customer) values ($1, $2, $3, true)",
        {event.payment_id, event.order_id, static_cast<long long>(event.amount_cents)});
    for (int copy = 0; copy < v.tellings; ++copy)
      send(options_.payment_topic, v.order_id, skald::wire_name<CustomerPaid>, event.payment_id, "",
           skald::to_json(event));
  }

  void send(const std::string& topic, std::string_view key, std::string_view type,
            std::string_view id, std::string_view kind, const std::string& value) {
    std::vector<skald::wire::header> headers{{"content-type", "application/json"},
                                             {"ce_specversion", "1.0"},
                                             {"ce_source", "/vending/customers"},
                                             {"ce_type", type},
                                             {"ce_id", id},
                                             {"ce_subject", key},
                                             {"ce_partitionkey", key}};
    if (!kind.empty()) {
      headers.push_back({"ce_sagakind", kind});
      headers.push_back({"ce_sagatype", options_.saga});
    }
    using sent = skald::log_writer::sent;
    for (;;) {
      const auto result = writer_->send(topic, key, headers, value, 0);
      if (result == sent::queued) return;
      if (result == sent::impossible) throw skald::log_error("topic " + topic + " cannot be used");
      writer_->flush(milliseconds(100));
      if (!broken_.empty()) throw skald::log_error(broken_);
    }
  }

  const options& options_;
  std::unique_ptr<skald::log_writer> writer_;
  std::optional<skald::pg::connection> till_;
  std::multimap<clock_type::time_point, std::function<void()>> due_;
  std::string broken_;
};

void add_options(CLI::App& app, options& o) {
  app.add_option("--kafka", o.kafka, "Bootstrap servers")->required()->envname("SKALD_KAFKA");
  app.add_option("--prefix", o.prefix, "Of the orchestrator's topics")->capture_default_str();
  app.add_option("--saga", o.saga, "Definition to start (default: vending, vending_self_pay)");
  app.add_option("--count", o.count, "Customers; 0: until it is stopped");
  app.add_option("--first", o.first, "Number of the first customer")->capture_default_str();
  app.add_option("--order-prefix", o.order_prefix)->capture_default_str();
  app.add_option("--per-second", o.per_second, "Customers a second; 0: as fast as can be")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--seed", o.seed)->capture_default_str();
  app.add_flag("--self-pay", o.self_pay, "The customers pay by themselves");
  app.add_option("--payments-postgres", o.payments_url, "With --self-pay: the payments' database");
  app.add_option("--payments-schema", o.payments_schema)->capture_default_str();
  app.add_option("--payment-topic", o.payment_topic)->capture_default_str();
  auto chance = [&](const char* name, double& p, const char* what) {
    app.add_option(name, p, what)->check(CLI::Range(0.0, 1.0))->group("Probabilities");
  };
  auto& c = o.chances;
  chance("--out-of-stock", c.out_of_stock, "Selects the slot that is sold out");
  chance("--declined", c.declined, "Selects a drink above the card's limit");
  chance("--jams", c.jams, "Selects the slot that jams");
  chance("--start-twice", c.start_twice, "The start is sent twice");
  chance("--start-late", c.start_late, "Others overtake the start");
  chance("--pays-early", c.pays_early, "Pays before the start");
  chance("--pays-late", c.pays_late, "Pays later");
  chance("--tells-twice", c.tells_twice, "The payment's event is sent twice");
  chance("--pays-twice", c.pays_twice, "Really pays twice");
  chance("--never-pays", c.never_pays, "Does not pay");
}

int walk(const options& o) {
  street s(o);
  const auto begin = clock_type::now();
  std::uint64_t entered = 0;
  auto next = begin;
  while (!stopped && (o.count == 0 || entered < o.count)) {
    s.serve(false);
    const bool now = o.per_second <= 0 || clock_type::now() >= next;
    if (now && !s.busy()) {
      s.enter(plan(o.chances, o.seed, o.first + entered, o.order_prefix));
      ++entered;
      if (o.per_second > 0)
        next = begin + std::chrono::duration_cast<clock_type::duration>(
                           std::chrono::duration<double>(double(entered) / o.per_second));
      continue;
    }
    std::this_thread::sleep_until(
        std::min({next, s.next_due().value_or(next), clock_type::now() + milliseconds(100)}));
  }
  while (!stopped && s.next_due()) {
    std::this_thread::sleep_until(*s.next_due());
    s.serve(false);
  }
  s.serve(true);
  s.finish();
  std::cout << entered << " customers\n";
  return ok;
}
}  // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("Customers of the vending machine");
  add_options(app, o);
  std::signal(SIGINT, [](int) { stopped = 1; });
  std::signal(SIGTERM, [](int) { stopped = 1; });
  try {
    app.parse(argc, argv);
    if (o.self_pay && o.payments_url.empty())
      throw CLI::ValidationError("--self-pay", "needs --payments-postgres");
    if (o.saga.empty()) o.saga = o.self_pay ? "vending_self_pay" : "vending";
    return walk(o);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? ok : bad_usage;
  } catch (const skald::log_error& e) {
    std::cerr << "customers: Kafka cannot be used (--kafka): " << e.what() << "\n";
    return unreachable;
  } catch (const skald::pg::error& e) {
    std::cerr << "customers: the till cannot be used (--payments-postgres): " << e.what() << "\n";
    return unreachable;
  } catch (const std::exception& e) {
    std::cerr << "customers: " << e.what() << "\n";
    return failed;
  }
}
