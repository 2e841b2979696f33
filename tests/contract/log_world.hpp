// The brokers behind outbox/log.hpp, and how tests read and write with it.
#pragma once
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <set>

#include "orchestrator/simulate/log.hpp"
#include "outbox/ids.hpp"
#include "outbox/kafka/connection.hpp"
#include "outbox/kafka/mock_cluster.hpp"

namespace skald::test {
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
constexpr auto patience = 30s;  // for a signal that a healthy broker gives much earlier

// Either broker, with topics of this run's own.
struct broker {
  std::unique_ptr<kafka::mock_cluster> mock;
  kafka::connection to;
  std::shared_ptr<sim::cluster> simulated;

  static broker embedded() {
    broker b{std::make_unique<kafka::mock_cluster>(), {}};
    b.to.bootstrap = b.mock->bootstrap();
    return b;
  }
  static broker real() {
    const char* address = std::getenv("SKALD_TEST_KAFKA");
    if (!address) FAIL("SKALD_TEST_KAFKA is not set: run ./dev test, which starts a Kafka");
    broker b;
    b.to.bootstrap = address;
    return b;
  }
  static broker in_memory() {
    broker b;
    b.simulated = std::make_shared<sim::cluster>();
    return b;
  }
  std::unique_ptr<log_writer> open_writer(log_writer::on_delivery told) const {
    return simulated ? simulated->open_writer(told) : kafka::open_writer(to, {}, told);
  }
  std::unique_ptr<log_reader> open_reader(const kafka::reader_settings& s = {}) const {
    return simulated ? simulated->open_reader() : kafka::open_reader(to, s);
  }
  std::string make_topic(int partitions) {
    static std::atomic<int> made{0};
    auto name = "contract." + std::to_string(::getpid()) + "." +
                std::to_string(steady::now().time_since_epoch().count()) + "." +
                std::to_string(++made);
    if (simulated)
      simulated->make_topic(name, partitions);
    else if (mock)
      mock->create_topic(name, partitions);
    else
      kafka::open_admin(to)->ensure_topic(name, partitions, 3'600'000);
    return name;
  }
};

// A record with bytes of its own.
struct kept {
  std::string topic, key, value;
  std::vector<std::pair<std::string, std::string>> headers;
  int partition;
  std::int64_t offset;
  bool has_key, has_value;
};

struct outcomes {
  std::vector<std::uint64_t> acked, failed, permanent;
  log_writer::on_delivery record() {
    return [this](const log_writer::delivery& d) {
      (d.error.empty() ? acked : d.permanent ? permanent : failed).push_back(d.tag);
    };
  }
};

inline std::vector<kept> read(log_reader& reader, std::size_t n, std::size_t at_once = 1'000,
                              std::size_t max_bytes = 1 << 20) {
  std::vector<kept> all;
  std::vector<wire::record> records;
  for (auto until = steady::now() + patience; all.size() < n && steady::now() < until;) {
    reader.wait(100ms);
    records.clear();
    reader.poll(records, at_once, max_bytes);
    CHECK(records.size() <= at_once);
    for (auto& r : records) {
      kept k{std::string(r.topic),
             std::string(r.key),
             std::string(r.value),
             {},
             r.partition,
             r.offset,
             r.has_key,
             r.has_value};
      for (auto& h : r.headers) k.headers.emplace_back(h.name, h.value);
      all.push_back(std::move(k));
    }
  }
  return all;
}

inline void write_numbers(const broker& b, const std::string& topic, int n, int partition) {
  outcomes o;
  auto writer = b.open_writer(o.record());
  for (int i = 0; i < n; ++i)
    REQUIRE(writer->send(topic, "k", {}, std::to_string(i), 0, partition) ==
            log_writer::sent::queued);
  REQUIRE(writer->flush(patience));
  REQUIRE(o.acked.size() == static_cast<std::size_t>(n));
}

inline std::vector<position> from(const std::string& topic, int partition, std::int64_t offset) {
  return {{{topic, partition}, offset}};
}

template <class Body>
void on_each(Body body);

// And on the simulated log, where all is in memory.
template <class Body>
void on_every(Body body) {
  SUBCASE("the simulated log") {
    auto b = broker::in_memory();
    body(b);
  }
  on_each(body);
}

template <class Body>
void on_each(Body body) {
  SUBCASE("the embedded broker") {
    auto b = broker::embedded();
    body(b);
  }
  SUBCASE("a real Kafka") {
    auto b = broker::real();
    body(b);
  }
}

inline bool poll_until(log_reader& reader, auto condition) {
  std::vector<wire::record> records;
  for (auto until = steady::now() + patience; steady::now() < until;) {
    reader.poll(records, 100, 1 << 20);
    if (condition()) return true;
    reader.wait(50ms);
  }
  return false;
}
}  // namespace skald::test
