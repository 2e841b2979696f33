#include "orchestrator/bench/parts.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "orchestrator/bench/events.hpp"
#include "orchestrator/bench/floor_engine.hpp"
#include "orchestrator/store_postgres.hpp"
#include "outbox/kafka/connection.hpp"

namespace skald::bench {
namespace {
constexpr std::int32_t memory_partitions = 8;  // of a participant's topic

// Threads that work until stopped; the first that throws stops all.
class crew {
 public:
  ~crew() {
    stopping_ = true;
    for (auto& t : threads_) t.join();
  }
  void add(std::function<void(const stopper&)> work) {
    threads_.emplace_back([this, w = std::move(work)] {
      try {
        w([this] { return stopping_.load(); });
      } catch (...) {
        const std::lock_guard lock(guard_);
        if (!thrown_) thrown_ = std::current_exception();
        stopping_ = true;
      }
    });
  }
  bool stopping() const { return stopping_; }
  // Waits until all have ended by themselves; throws what one of them has thrown.
  void join() {
    for (auto& t : threads_) t.join();
    threads_.clear();
    if (thrown_) std::rethrow_exception(thrown_);
  }
  void stop() {
    stopping_ = true;
    join();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::mutex guard_;
  std::exception_ptr thrown_;
  std::vector<std::thread> threads_;
};

// Waits until `count` have come.
class roll_call {
 public:
  void here() { ++count_, count_.notify_all(); }
  void wait_for(int count) {
    for (int seen = count_; seen < count; seen = count_) count_.wait(seen);
  }

 private:
  std::atomic<int> count_{0};
};

// A roll call that also ends when the part throws before it is ready.
void call_in(roll_call& roll, const std::function<void(const std::function<void()>&)>& part) {
  bool called = false;
  const auto ready = [&] {
    if (!called) roll.here();
    called = true;
  };
  try {
    part(ready);
  } catch (...) {
    ready();
    throw;
  }
}

void run_floor_engine(const log_access& log, const stand_in_settings& s, int worker,
                      const std::function<void()>& ready, const stopper& stop) {
  floor_settings mine{.prefix = s.prefix, .shards = {}, .definition_no = s.definition_no};
  for (std::int32_t shard = worker; shard < s.shards; shard += s.workers)
    mine.shards.push_back(static_cast<std::int16_t>(shard));
  if (mine.shards.empty()) return ready();
  std::string broken;
  const auto writer = log.open_writer([&](const log_writer::delivery& d) {
    if (!d.error.empty()) broken = d.error;
  });
  const auto reader = log.open_reader();
  const auto admin = log.open_admin();
  const auto to = s.database ? open_postgres_store(*s.database) : nullptr;
  floor_engine engine(mine, *reader, *writer, *admin, to.get());
  ready();
  engine.run([&] { return !broken.empty() || stop(); });
  if (!broken.empty()) throw log_error(broken);
}
}  // namespace

log_access kafka_at(const std::string& bootstrap) {
  const kafka::connection to{.bootstrap = bootstrap, .client_id = "skald-bench"};
  return {.open_reader = [to] { return kafka::open_reader(to, {.group = "skald-bench"}); },
          .open_writer = [to](auto told) { return kafka::open_writer(to, {}, std::move(told)); },
          .open_admin = [to] { return kafka::open_admin(to); }};
}

log_access in_memory(memory_log& log) {
  return {.open_reader = [&log] { return log.open_reader(); },
          .open_writer = [&log](auto told) { return log.open_writer(std::move(told)); },
          .open_admin = [&log] { return log.open_admin(); }};
}

load_result drive(const log_access& log, const load_settings& s,
                  const std::function<void(stage)>& reached, const stopper& stop) {
  load* told = nullptr;
  const auto writer = log.open_writer([&](const auto& d) { told->delivered(d); });
  const auto reader = log.open_reader();
  const auto admin = log.open_admin();
  load generator(s, *writer, *reader, *admin);
  told = &generator;
  auto result = generator.run(reached, stop);
  writer->flush(milliseconds(10'000));  // while `generator` hears of it
  return result;
}

void participate(const log_access& log, const participants_settings& s,
                 const std::optional<std::string>& database, const std::function<void()>& ready,
                 const stopper& stop) {
  answering* told = nullptr;
  const auto writer = log.open_writer([&](const auto& d) { told->delivered(d); });
  const auto reader = log.open_reader();
  const auto admin = log.open_admin();
  std::optional<pg::books> books;
  if (database) books.emplace(*database, "");
  answering all(s, *reader, *writer, *admin, books ? &*books : nullptr);
  told = &all;
  ready();
  all.run(stop);
}

void stand_in(const log_access& log, const stand_in_settings& s, const std::function<void()>& ready,
              const stopper& stop) {
  roll_call roll;
  crew workers;
  for (int w = 0; w < s.workers; ++w)
    workers.add([&, w](const stopper& stopping) {
      call_in(roll, [&](const auto& here) {
        run_floor_engine(log, s, w, here, [&] { return stop() || stopping(); });
      });
    });
  roll.wait_for(s.workers);
  if (!workers.stopping()) ready();
  workers.join();
}

load_result drive_in_memory(const load_settings& load, const participants_settings& p,
                            stand_in_settings s, const std::string& participants_database,
                            const std::function<void(stage)>& reached, const stopper& stop) {
  memory_log log;
  for (const char* topic : {".starts", ".inbox", ".saga-events"})
    log.make_topic(s.prefix + topic, s.shards);
  for (const auto name : participants)
    log.make_topic(std::string(name) + ".commands", memory_partitions);
  const auto access = in_memory(log);
  roll_call roll;
  crew others;
  others.add([&](const stopper& stopping) {
    call_in(roll, [&](const auto& here) {
      participate(access, p, participants_database, here, stopping);
    });
  });
  for (int w = 0; w < s.workers; ++w)
    others.add([&, w](const stopper& stopping) {
      call_in(roll, [&](const auto& here) { run_floor_engine(access, s, w, here, stopping); });
    });
  roll.wait_for(s.workers + 1);
  auto result = drive(access, load, reached, [&] { return others.stopping() || stop(); });
  others.stop();
  return result;
}
}  // namespace skald::bench
