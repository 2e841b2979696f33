// How fast the relay drains an outbox into Kafka, whether it stays so while another session holds a
// snapshot, and whether it loses or reorders anything under writers that abort and commit late.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "outbox/kafka/connection.hpp"
#include "outbox/postgres/migrate.hpp"

namespace skald::bench {
struct relay_bench_settings {
  std::string postgres;  // of a user who may create databases; the bench makes and drops its own
  kafka::connection kafka;
  std::vector<pg::migration> migrations;  // of migrations/outbox
  bool quick = false;
  std::function<void(std::string_view)> progress = {};
};

struct relay_bench_result {
  double rows_per_second = 0;  // the backlog of one million (quick: 200,000) rows of 250 B drained
  double flatness = 0;         // medians of rounds 5-8 / 1-4 of draining under a held snapshot
  std::size_t written = 0, lost = 0, order_violations = 0;  // 12 writers, aborts, late commits
  double gate_ratio = 0;  // 16 writers' commits, with the gate's trigger / without it: median of 7
};

relay_bench_result bench_relay(const relay_bench_settings&);
std::string to_json(const relay_bench_result&);
}  // namespace skald::bench
