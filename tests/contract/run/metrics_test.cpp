// What a service that has worked shows to Prometheus. tests/observe judges its form, and holds the
// documents, alerts and dashboard of deploy/ against it.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "examples/vending/saga.hpp"
#include "outbox/ids.hpp"
#include "tests/contract/run/world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
class shown {
 public:
  explicit shown(std::string text) : text_(std::move(text)) {}
  // The value of the one line that begins so; -1: there is none.
  double value(const std::string& series) const {
    const auto at = text_.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text_.substr(at + series.size() + 2));
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Sagas that complete and abort, one undo, a duplicate, a stray record and one that is no record.
void work(world& w) {
  w.on["vending.ChargePayment.v1"] = [](const seen_command& c) -> std::optional<answer> {
    if (c.key == "m-poor")
      return answer{"declined", "vending.PaymentDeclined.v1",
                    "{\"order_id\":\"m-poor\",\"reason\":\"no money\"}"};
    return answer{"ok", "vending.PaymentCompleted.v1",
                  "{\"order_id\":\"" + c.key + "\",\"payment_id\":\"p\",\"amount_cents\":250}",
                  true, 2};
  };
  w.start_drink("m-1");
  w.start_drink("m-2");
  w.start_drink("m-poor");
  w.publish(w.prefix + ".inbox", "m-1", {{"ce_specversion", "2.0"}}, "{}",
            murmur2_partition("m-1", 4));
  w.until_phase("m-1", "completed");
  w.until_phase("m-2", "completed");
  w.until_phase("m-poor", "aborted");
  w.until("the quarantined record is there",
          [&] { return w.count("select count(*) from quarantine") == 1; });
  w.until("duplicates are counted", [&] {
    return w.served().counts().messages_duplicate.at({w.prefix + ".inbox"}).value() >= 2;
  });
}
}  // namespace

TEST_CASE("the exposition of a service that works: values, and form") {
  world w(broker::real, vending_json());
  w.serve();
  work(w);
  w.stop_service();
  w.serve();  // its first sample sees what is in the database
  w.until("it has sampled", [&] { return w.served().counts().sampled_at.value() > 0; });
  CHECK(shown(w.served().exposition()).value("skald_quarantine_records") == 1);
  w.stop_service();
}

TEST_CASE("counts and durations carry their labels, and the form is what Prometheus reads") {
  world w(broker::real, vending_json());
  w.serve();
  w.until("it has shards", [&] { return w.served().gauges()[0]->partitions_owned.value() == 4; });
  work(w);
  w.until("lag is shown", [&] {
    return w.served().exposition().find("skald_consumer_lag_seconds{") != std::string::npos;
  });
  const shown all(w.served().exposition());
  const auto inbox = "{topic=\"" + w.prefix + ".inbox\"}";
  const std::string pay = R"({definition="vending",step="charge",participant="payments-)" + w.run;
  CHECK(all.value(R"(skald_sagas_started_total{definition="vending"})") == 3);
  CHECK(all.value(R"(skald_sagas_finished_total{definition="vending",outcome="completed"})") == 2);
  CHECK(all.value(R"(skald_sagas_finished_total{definition="vending",outcome="aborted"})") == 1);
  CHECK(all.value(
            R"(skald_saga_duration_seconds_count{definition="vending",outcome="completed"})") == 2);
  CHECK(all.value("skald_step_attempts_total" + pay + "\"}") == 3);
  CHECK(all.value("skald_step_duration_seconds_count" + pay + "\",outcome=\"ok\"}") == 2);
  CHECK(all.value("skald_step_duration_seconds_count" + pay + "\",outcome=\"declined\"}") == 1);
  CHECK(all.value(R"(skald_compensations_total{definition="vending",step="reserve"})") == 1);
  CHECK(all.value(R"(skald_compensation_failures_total{definition="vending",step="reserve"})") ==
        0);
  CHECK(all.value("skald_messages_duplicate_total" + inbox) == 2);
  CHECK(all.value("skald_messages_quarantined_total{topic=\"" + w.prefix +
                  ".inbox\",reason=\"unreadable\"}") == 1);
  CHECK(all.value("skald_messages_conflict_total" + inbox) == 0);
  CHECK(all.value("skald_partition_owned{partition=\"3\"}") == 1);
  CHECK(all.value("skald_outbox_publish_seconds_count") > 0);
  CHECK(all.value("skald_batch_commit_seconds_count") > 0);
  CHECK(all.text().find(w.saga_of("m-1")) == std::string::npos);
  CHECK(all.text().find("\"m-1\"") == std::string::npos);

  const std::string file = "exposition-" + w.run + ".txt";
  std::ofstream(file) << all.text();
  CHECK(std::system(
            ("python3 " SKALD_SOURCE_FOLDER "/tests/observe/judge.py " + file + " >&2").c_str()) ==
        0);
  std::filesystem::remove(file);
}
