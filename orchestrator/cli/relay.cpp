// skald relay: takes an application's outbox to Kafka until SIGTERM or SIGINT.
#include "orchestrator/cli/relay.hpp"

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/logging.hpp"
#include "orchestrator/cli/stop_signals.hpp"
#include "outbox/kafka/relay_log.hpp"
#include "outbox/postgres/connection.hpp"

namespace skald::cli {
namespace {
relay_events told_to_log() {
  return {.leading =
              [](bool yes) {
                log(severity::info, yes ? "relay.leading" : "relay.standing_by",
                    yes ? "this relay leads" : "another relay leads; this one stands by");
              },
          .asleep = {},
          .rejected =
              [](std::int64_t id, std::string_view topic, std::string_view reason) {
                log_entry e{severity::error, "relay.rejected",
                            "row " + std::to_string(id) + " can never be sent and lies in " +
                                "outbox_rejected: " + std::string(reason)};
                e.topic = topic;
                log(e);
              },
          .trouble =
              [](std::string_view sentence) {
                log(severity::warning, "relay.failed", std::string(sentence));
              }};
}

int run_relay(context& x) {
  const auto signals = block_stop_signals();
  const auto running = start_relay(required(x, "postgres"), kafka_of(x));
  wait_for_stop(signals);
  stop_relay(*running);
  return done;
}
}  // namespace

std::unique_ptr<relay> start_relay(const std::string& postgres, kafka::connection to) {
  relay_settings settings;
  settings.postgres = postgres;
  pg::connection reachable(postgres);
  to.client_id = "skald-relay";
  kafka::open_admin(to)->cluster_id();
  auto running = std::make_unique<relay>(settings, kafka::relay_log(to), told_to_log());
  running->start();
  return running;
}

void stop_relay(relay& running) {
  running.stop();
  const auto c = running.count();
  log(severity::info, "relay.stopped",
      "the relay has stopped: " + std::to_string(c.sent) + " rows sent, " +
          std::to_string(c.rejected) + " rejected");
}

void add_relay(const commands& c) {
  c.add("relay", "Take an application's outbox to Kafka until SIGTERM", run_relay);
}
}  // namespace skald::cli
