#include "outbox/bench/relay_bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "outbox/kafka/relay_log.hpp"

namespace skald::bench {
namespace {
using steady = std::chrono::steady_clock;
using namespace std::chrono_literals;
constexpr int partitions = 6, payload_bytes = 250, rounds = 8, round_rows = 40'000;
constexpr int gate_turns = 7;
constexpr auto patience = 300s;  // then the bench gives up

double seconds_since(steady::time_point t) {
  return std::chrono::duration<double>(steady::now() - t).count();
}

// The bench's own database, topic and relay.
class scene {
 public:
  explicit scene(const relay_bench_settings& s)
      : settings_(s),
        server_(s.postgres),
        name_("skald_bench_relay_" + std::to_string(::getpid())) {
    server_.exec("create database " + name_);
    app.emplace(url());
    pg::migrate_up(*app, "outbox", s.migrations);
  }
  ~scene() {
    relay_.reset();
    app.reset();
    try {
      server_.exec("drop database " + name_ + " with (force)");
    } catch (const pg::error&) {
      say("the bench's database " + name_ + " is left behind");
    }
  }

  std::string url() const { return pg::complete(settings_.postgres) + " dbname='" + name_ + "'"; }

  void new_topic() {
    topic = name_ + "." + std::to_string(++topics_);
    kafka::open_admin(settings_.kafka)->ensure_topic(topic, partitions, 3'600'000);
  }

  // One transaction; rows of 1,000 keys.
  void fill(int rows) {
    app->exec(
        "insert into outbox(topic, key, headers, payload)"
        " select $1, 'key ' || n % 1000, '{\"ce_type\": \"bench.Row.v1\"}',"
        " convert_to(rpad(n::text, $2, 'x'), 'UTF8') from generate_series(1, $3) n",
        {topic, payload_bytes, rows});
  }

  void start(milliseconds poll_at_most = 10s) {
    relay_settings s;
    s.postgres = url();
    s.poll_at_most = poll_at_most;
    relay_events events;
    events.asleep = [this] { slept_.notify_all(); };
    events.trouble = [this](auto sentence) { say(sentence); };
    kafka::writer_settings w;
    w.linger = 2ms;
    relay_ = std::make_unique<relay>(s, kafka::relay_log(settings_.kafka, w), events);
    relay_->start();
  }
  void stop() { relay_.reset(); }

  // Until `rows` more than at the last call are in Kafka.
  void wait_sent(std::uint64_t rows) {
    waited_for_ += rows;
    std::unique_lock lock(mutex_);
    const auto until = steady::now() + patience;
    while (relay_->count().sent < waited_for_) {
      slept_.wait_for(lock, 1ms);
      if (steady::now() > until) throw log_error("The relay has not drained the outbox in time.");
    }
  }
  // The same, and deleted: the relay is at rest.
  void wait_drained(std::uint64_t rows) {
    wait_sent(rows);
    for (const auto until = steady::now() + patience; count() > 0;)
      if (steady::now() > until) throw log_error("The relay has not emptied the outbox in time.");
  }
  std::int64_t count() {
    return app->exec("select count(*) from (select from outbox order by id limit 1) o")
        .number(0, 0);
  }
  void forget_sent() { waited_for_ = 0; }
  void say(std::string_view text) const {
    if (settings_.progress) settings_.progress(text);
  }

  std::optional<pg::connection> app;
  std::string topic;

 private:
  const relay_bench_settings& settings_;
  pg::connection server_;
  std::string name_;
  int topics_ = 0;
  std::uint64_t waited_for_ = 0;
  std::mutex mutex_;
  std::condition_variable slept_;
  std::unique_ptr<relay> relay_;
};

double measure_drain(scene& s, bool quick) {
  const int rows = quick ? 200'000 : 1'000'000;
  s.new_topic();
  for (int left = rows; left > 0; left -= 100'000) s.fill(100'000);
  s.app->exec("checkpoint");
  s.start();
  s.wait_sent(1);  // it leads, and its connections are made
  const auto begin = steady::now();
  s.wait_drained(static_cast<std::uint64_t>(rows) - 1);
  const auto rate = rows / seconds_since(begin);
  s.stop();
  s.forget_sent();
  s.say("drained " + std::to_string(rows) + " rows at " + std::to_string(int(rate)) + "/s");
  return rate;
}

double measure_flatness(scene& s) {
  s.new_topic();
  pg::connection other(s.url());
  pg::transaction holder(other);
  holder.exec("set transaction isolation level repeatable read");
  holder.exec("select count(*) from outbox");
  s.start();
  std::vector<double> rates;
  s.fill(round_rows);  // warms it up
  s.wait_drained(round_rows);
  for (int i = 0; i < rounds; ++i) {
    s.fill(round_rows);
    const auto begin = steady::now();
    s.wait_sent(round_rows);
    rates.push_back(round_rows / seconds_since(begin));
    s.wait_drained(0);
    s.say("round " + std::to_string(i + 1) +
          " under a held snapshot: " + std::to_string(int(rates.back())) + "/s");
  }
  s.stop();
  s.forget_sent();
  std::sort(rates.begin(), rates.begin() + rounds / 2);
  std::sort(rates.begin() + rounds / 2, rates.end());
  return (rates[rounds - 2] + rates[rounds - 3]) / (rates[1] + rates[2]);
}

// Counts 1, 2, 3... on each key under its lock; what is committed per key.
std::map<std::string, int> write_all(scene& s, int writers, int transactions) {
  s.app->exec_script(
      "create table counter(key text primary key, n int);"
      "insert into counter select 'k' || i, 0 from generate_series(0, 19) i");
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&, i] {
      std::mt19937 random(static_cast<unsigned>(i));
      pg::connection c(s.url());
      for (int n = 0; n < transactions; ++n) {
        pg::transaction tx(c);
        auto key = "k" + std::to_string(random() % 20);
        tx.exec(
            "with next as (update counter set n = n + 1 where key = $2 returning n)"
            " insert into outbox(topic, key, payload)"
            " select $1, $2, convert_to(n::text, 'UTF8') from next",
            {s.topic, key});
        if (random() % 2)
          tx.exec("select pg_sleep($1)", {static_cast<double>(random() % 10) / 1'000});
        if (random() % 10 == 0)
          tx.rollback();
        else
          tx.commit();
      }
    });
  for (auto& t : threads) t.join();
  std::map<std::string, int> written;
  auto r = s.app->exec("select key, n from counter");
  for (std::size_t i = 0; i < r.rows(); ++i)
    written[r.text(i, 0)] = static_cast<int>(r.number(i, 1));
  return written;
}

void measure_order(scene& s, const relay_bench_settings& settings, relay_bench_result& out) {
  s.new_topic();
  s.start();
  const auto written = write_all(s, 12, settings.quick ? 200 : 2'000);
  for (auto& [key, n] : written) out.written += static_cast<std::size_t>(n);
  s.wait_sent(out.written);
  s.stop();
  s.forget_sent();

  auto reader = kafka::open_reader(settings.kafka, {});
  auto admin = kafka::open_admin(settings.kafka);
  std::vector<position> all;
  std::int64_t left = 0;
  for (int p = 0; p < partitions; ++p) {
    all.push_back({{s.topic, p}, 0});
    left += admin->watermarks({s.topic, p}).high;
  }
  reader->assign(all);
  std::map<std::string, std::set<int>> seen;
  std::vector<wire::record> records;
  for (const auto until = steady::now() + patience; left > 0 && steady::now() < until;) {
    reader->wait(100ms);
    records.clear();
    reader->poll(records, 5'000, 16 << 20);
    left -= static_cast<std::int64_t>(records.size());
    for (auto& r : records) {
      auto& of_key = seen[std::string(r.key)];
      const auto n = std::stoi(std::string(r.value));
      if (of_key.insert(n).second && n != *of_key.rbegin()) ++out.order_violations;
    }
  }
  for (auto& [key, n] : written)
    for (int i = 1; i <= n; ++i) out.lost += !seen[key].contains(i);
  s.say(std::to_string(out.written) + " rows of 12 writers: " + std::to_string(out.lost) +
        " lost, " + std::to_string(out.order_violations) + " out of order");
}

// 16 writers that commit one row each, again and again.
class writers {
 public:
  explicit writers(scene& s) : scene_(s) {
    for (int i = 0; i < 16; ++i) sessions_.emplace_back(s.url());
  }
  // Commits a second, while a relay drains them.
  double commits_per_second(std::chrono::milliseconds time) {
    std::atomic<std::uint64_t> commits{0};
    const auto begin = steady::now(), until = begin + time;
    std::vector<std::thread> threads;
    for (auto& c : sessions_)
      threads.emplace_back([&] {
        for (; steady::now() < until; ++commits)
          c.exec("insert into outbox(topic, key, payload) values ($1, 'k', 'x')", {scene_.topic});
      });
    for (auto& t : threads) t.join();
    const auto rate = static_cast<double>(commits) / seconds_since(begin);
    scene_.wait_drained(commits);
    return rate;
  }

 private:
  scene& scene_;
  std::vector<pg::connection> sessions_;
};

// Turn about, so that what else the machine does falls on both; the median of the turns. The relay
// polls, so that it drains without the gate too.
double measure_gate(scene& s, bool quick) {
  s.new_topic();
  s.start(20ms);
  writers all(s);
  const auto time = quick ? 500ms : 2'000ms;
  all.commits_per_second(time);  // warms it up
  std::vector<double> ratios;
  double with = 0, without = 0;
  for (int turn = 0; turn < gate_turns; ++turn) {
    const auto w = all.commits_per_second(time);
    s.app->exec("alter table outbox disable trigger outbox_gate");
    const auto wo = all.commits_per_second(time);
    s.app->exec("alter table outbox enable trigger outbox_gate");
    ratios.push_back(w / wo);
    with += w / gate_turns;
    without += wo / gate_turns;
  }
  s.stop();
  s.forget_sent();
  s.say("16 writers: " + std::to_string(int(with)) + " commits/s with the gate, " +
        std::to_string(int(without)) + " without");
  std::sort(ratios.begin(), ratios.end());
  return ratios[gate_turns / 2];
}
}  // namespace

relay_bench_result bench_relay(const relay_bench_settings& settings) {
  scene s(settings);
  relay_bench_result out;
  out.rows_per_second = measure_drain(s, settings.quick);
  out.flatness = measure_flatness(s);
  measure_order(s, settings, out);
  out.gate_ratio = measure_gate(s, settings.quick);
  return out;
}

std::string to_json(const relay_bench_result& r) {
  char text[256];
  std::snprintf(text, sizeof text,
                "{\"rows_per_second\": %.0f, \"lost\": %zu, \"order_violations\": %zu, "
                "\"flatness\": %.2f, \"written\": %zu, \"gate_ratio\": %.2f}",
                r.rows_per_second, r.lost, r.order_violations, r.flatness, r.written, r.gate_ratio);
  return text;
}
}  // namespace skald::bench
