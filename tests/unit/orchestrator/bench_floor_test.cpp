// The floor's engine, the participants and the load generator together, over a log in memory.
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "orchestrator/bench/events.hpp"
#include "orchestrator/bench/floor_engine.hpp"
#include "orchestrator/bench/parts.hpp"
#include "outbox/wire.hpp"

using namespace skald;
using namespace skald::bench;
using namespace std::chrono_literals;

namespace {
constexpr int shards = 4;

void make_topics(memory_log& log) {
  for (const char* topic : {"t.starts", "t.inbox", "t.saga-events"}) log.make_topic(topic, shards);
  for (const auto name : participants) log.make_topic(std::string(name) + ".commands", shards);
}

std::size_t records_in(const log_access& log, const std::string& topic) {
  const auto admin = log.open_admin();
  std::int64_t all = 0;
  for (int p = 0; p < shards; ++p) all += admin->watermarks({topic, p}).high;
  return static_cast<std::size_t>(all);
}
}  // namespace

TEST_CASE("a floor moves as many records as the saga does, and every saga ends") {
  memory_log memory;
  make_topics(memory);
  const auto log = in_memory(memory);
  std::atomic<bool> stop{false};
  std::atomic<int> ready{0};
  const auto here = [&] { ++ready, ready.notify_all(); };
  const auto stopped = [&] { return stop.load(); };
  std::thread engines([&] {
    stand_in(log, {.prefix = "t", .shards = shards, .workers = 2, .database = {}}, here, stopped);
  });
  std::thread answers([&] { participate(log, {}, {}, here, stopped); });
  for (int seen = ready; seen < 2; seen = ready) ready.wait(seen);
  const auto r = drive(
      log,
      {.prefix = "t",
       .definition = "bench",
       .run = "r",
       .pace = {.window = 50},
       .warm_up = 0ms,
       .measured = 5s,  // a slow machine needs most of it
       .most = 500},
      [](stage) {}, [] { return false; });
  stop = true;
  engines.join();
  answers.join();
  CHECK(r.started_in_all == 500);
  CHECK(r.ended_in_all == 500);
  CHECK(r.aborted_in_all == 0);
  CHECK(records_in(log, "t.starts") == 500);
  CHECK(records_in(log, "t.inbox") == 1'500);
  CHECK(records_in(log, "t.saga-events") == 1'000);
  for (const auto name : participants)
    CHECK(records_in(log, std::string(name) + ".commands") == 500);
}

TEST_CASE("a floor refuses what it did not cause") {
  memory_log memory;
  make_topics(memory);
  const auto log = in_memory(memory);
  std::thread engines([&] {
    const auto send_stray = [&] { log.open_writer({})->send("t.inbox", "stray", {}, "{}", 0); };
    CHECK_THROWS_AS(stand_in(log, {.prefix = "t", .shards = shards, .workers = 2, .database = {}},
                             send_stray, [] { return false; }),
                    log_error);
  });
  engines.join();
}

TEST_CASE("as many dispenses fail as asked, always the same ones, and nothing else") {
  const auto all = make_answers(0.1, 7), again = make_answers(0.1, 7);
  int declined = 0, different = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto key = "order-" + std::to_string(i);
    const request r{.key = key};
    const auto said = all.find("skald.bench.Dispense.v1")->second(r).outcome;
    declined += said == response::what::declined;
    different += said != again.find("skald.bench.Dispense.v1")->second(r).outcome;
    CHECK(all.find("skald.bench.Reserve.v1")->second(r).outcome == response::what::ok);
    CHECK(all.find("skald.bench.Charge.v1")->second(r).outcome == response::what::ok);
  }
  CHECK(declined > 850);
  CHECK(declined < 1'150);
  CHECK(different == 0);
}
