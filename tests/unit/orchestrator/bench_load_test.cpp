#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <thread>

#include "orchestrator/bench/load.hpp"
#include "orchestrator/bench/memory_log.hpp"

using namespace skald;
using namespace skald::bench;
using namespace std::chrono_literals;

namespace {
constexpr int partitions = 4;
const instant start{};

// Ends every saga it is told to start, on a thread of its own: the tenth of them aborted.
class ending_service {
 public:
  explicit ending_service(memory_log& log) : log_(log), thread_([this] { run(); }) {}
  ~ending_service() {
    stop_ = true;
    thread_.join();
  }
  std::atomic<bool> answers{true};
  std::map<std::string, int> starts;  // by key; read after the load has ended
  int out_of_order = 0;

 private:
  void run() {
    auto reader = log_.open_reader();
    auto writer = log_.open_writer({});
    std::vector<position> from;
    for (int p = 0; p < partitions; ++p) from.push_back({{"t.starts", p}, 0});
    reader->assign(from);
    std::vector<wire::record> records;
    while (!stop_) {
      reader->wait(1ms);
      records.clear();
      reader->poll(records, 1'000, 1 << 20);
      for (const auto& r : records) end(r, *writer);
    }
  }
  void end(const wire::record& r, log_writer& writer) {
    const auto e = wire::parse(r.headers);
    if (!e.problem.empty() || e.envelope.kind != wire::kind::start || !answers) return;
    ++starts[std::string(r.key)];
    const auto no = std::stoull(std::string(r.key.substr(r.key.find('-') + 1)));
    auto& last = last_[r.partition];
    out_of_order += no < last;
    last = std::max<std::uint64_t>(last, no);
    const wire::header type{"ce_type",
                            no % 10 ? "skald.saga.completed.v1" : "skald.saga.aborted.v1"};
    writer.send("t.saga-events", r.key, {&type, 1}, "{}", 0);
    if (no % 7 == 0) writer.send("t.saga-events", r.key, {&type, 1}, "{}", 0);  // told twice
  }

  memory_log& log_;
  std::map<int, std::uint64_t> last_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct world {
  memory_log log;
  std::unique_ptr<ending_service> service;

  world() {
    for (const char* topic : {"t.starts", "t.saga-events"}) log.make_topic(topic, partitions);
    service = std::make_unique<ending_service>(log);
  }
  load_result run(
      load_settings s, std::vector<stage>* reached = nullptr,
      const std::function<bool(std::uint64_t turns)>& asked = [](auto) { return false; }) {
    s.prefix = "t";
    s.run = "r";
    s.definition = "d";
    load* told = nullptr;
    auto writer = log.open_writer([&](const log_writer::delivery& d) { told->delivered(d); });
    auto reader = log.open_reader();
    auto admin = log.open_admin();
    load l(s, *writer, *reader, *admin);
    told = &l;
    auto result = l.run(
        [&](stage at) {
          if (reached) reached->push_back(at);
        },
        [&asked, turns = std::uint64_t{0}]() mutable { return asked(++turns); });
    service.reset();
    return result;
  }
};
}  // namespace

TEST_CASE("a closed loop fills its window and no more") {
  const pace p{.window = 100};
  CHECK(p.wanted(start, start, 0, 0) == 100);
  CHECK(p.wanted(start, start + 1h, 5'000, 98) == 2);
  CHECK(p.wanted(start, start + 1h, 5'000, 100) == 0);
}

TEST_CASE("an open loop starts what is due, whatever is in flight, up to its bound") {
  const pace p{.per_second = 200};
  CHECK(p.due(start, 0) == start);
  CHECK(p.due(start, 400) == start + 2s);
  CHECK(p.wanted(start, start, 0, 0) == 1);
  CHECK(p.wanted(start, start + 1ms, 1, 1) == 0);
  CHECK(p.wanted(start, start + 1s, 1, 1) == 200);  // after a stall it catches up
  CHECK(p.wanted(start, start + 1s, 1, max_in_flight - 3) == 3);
  CHECK(p.wanted(start, start + 1s, 1, max_in_flight) == 0);
}

TEST_CASE("a latency runs from when the saga was due, and an end counts once") {
  flights f;
  f.start(7, start);
  CHECK(f.size() == 1);
  CHECK_FALSE(f.end(8, start));
  CHECK(f.end(7, start + 30ms) == nanoseconds(30ms));
  CHECK_FALSE(f.end(7, start + 30ms));
  CHECK(f.size() == 0);
}

TEST_CASE("closed loop: every saga that was started ends, and is counted once") {
  world w;
  std::vector<stage> reached;
  const auto r = w.run(
      {.pace = {.window = 50}, .warm_up = 50ms, .measured = 200ms, .drain_at_most = 10s}, &reached);
  CHECK(reached == std::vector{stage::warm, stage::measured});
  CHECK(r.started_in_all > 100);
  CHECK(r.ended_in_all == r.started_in_all);
  CHECK(r.never_ended == 0);
  CHECK(r.aborted_in_all == (r.started_in_all + 9) / 10);
  CHECK(r.ended < r.ended_in_all);
  CHECK(r.ended == r.latency_us.count());
  CHECK(r.seconds >= 0.2);
  CHECK(r.per_second() == doctest::Approx(static_cast<double>(r.ended) / r.seconds));
  const auto back = load_result::read(r.text());
  CHECK(back.text() == r.text());
}

TEST_CASE("open loop: the rate is the asked one") {
  world w;
  const auto begun = std::chrono::steady_clock::now();
  const auto r = w.run({.pace = {.per_second = 1'000}, .warm_up = 100ms, .measured = 300ms});
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(r.started_in_all >= 390);
  CHECK(r.started_in_all == r.due_in_all);
  // No more than one for each millisecond that really went by: a busy machine makes the run longer.
  CHECK(r.started_in_all <= static_cast<std::uint64_t>(took / 1ms) + 2);
  CHECK(r.never_ended == 0);
}

TEST_CASE("measured until it is asked to end, and then drained") {
  world w;
  bool asked = false;
  const auto r = w.run({.pace = {.window = 20}, .warm_up = 0ms, .until_asked = true}, nullptr,
                       [&](std::uint64_t turns) { return asked = asked || turns > 200; });
  CHECK(asked);
  CHECK(r.started_in_all >= 20);
  CHECK(r.never_ended == 0);
  CHECK(r.ended_in_all == r.started_in_all);
}

TEST_CASE("noise: starts are sent twice and overtaken, as often as asked, and end once") {
  world w;
  auto* service = w.service.get();
  int twice = 0, out_of_order = 0;
  const load_settings s{.pace = {.window = 500},
                        .warm_up = 0ms,
                        .measured = 3s,  // a slow machine needs most of it
                        .drain_at_most = 10s,
                        .duplicates = 0.2,
                        .reordered = 0.1,
                        .most = 5'000};
  auto kept = std::move(w.service);  // lives until its books are read
  const auto r = w.run(s);
  kept->answers = false;
  for (const auto& [key, times] : service->starts) twice += times > 1;
  out_of_order = service->out_of_order;
  CHECK(r.started_in_all == 5'000);
  CHECK(r.ended_in_all == 5'000);
  CHECK(twice > 700);
  CHECK(twice < 1'300);
  CHECK(out_of_order > 1'000);  // the second ones too
}

TEST_CASE("what never ends is said") {
  world w;
  w.service->answers = false;
  const auto r = w.run({.pace = {.window = 20},
                        .first_end_within = 10ms,
                        .warm_up = 0ms,
                        .measured = 20ms,
                        .drain_at_most = 20ms});
  CHECK(r.started_in_all == 20);
  CHECK(r.never_ended == 20);
  CHECK(r.ended_in_all == 0);
}

TEST_CASE("a text that is no result is not taken for one") {
  CHECK_THROWS_AS(load_result::read(""), std::invalid_argument);
  CHECK_THROWS_AS(load_result::read("1 2 3 4 5 6 7 8"), std::invalid_argument);
}
