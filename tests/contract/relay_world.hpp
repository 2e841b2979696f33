// An application's database with an outbox, a broker, and relays between them.
#pragma once
#include <doctest/doctest.h>

#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "outbox/kafka/mock_cluster.hpp"
#include "outbox/kafka/relay_log.hpp"
#include "outbox/postgres/migrate.hpp"
#include "skald/outbox.hpp"
#include "tests/support/postgres.hpp"

namespace skald::test {
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;
constexpr auto patience = 60s;  // for a signal that comes much earlier when all is well

// What a relay tells, to be waited for.
class told {
 public:
  relay_events events() {
    relay_events e;
    e.leading = [this](bool yes) { change([&] { leading_ = yes; }); };
    e.asleep = [this] { change([&] { ++asleep_; }); };
    e.rejected = [this](auto id, auto topic, auto reason) {
      change([&] {
        rejected_[id] = std::string(reason);
        topics_.insert(std::string(topic));
      });
    };
    e.trouble = [this](auto sentence) { change([&] { troubles_.emplace_back(sentence); }); };
    return e;
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return condition(*this); });
  }
  // The first trouble; empty: none comes.
  std::string wait_trouble() {
    std::string first;
    wait([&](auto& t) { return !t.troubles_.empty() && (first = t.troubles_[0], true); });
    return first;
  }
  int slept() {
    std::lock_guard lock(mutex_);
    return asleep_;
  }
  bool wait_leading() {
    return wait([](auto& t) { return t.leading_; });
  }
  // Falls asleep (again), everything done that was committed before the call.
  bool wait_asleep() {
    std::unique_lock lock(mutex_);
    auto before = asleep_;
    return changed_.wait_for(lock, patience, [&] { return asleep_ > before; });
  }

  bool leading_ = false;
  int asleep_ = 0;
  std::map<std::int64_t, std::string> rejected_;
  std::set<std::string> topics_;
  std::vector<std::string> troubles_;

 private:
  template <class Body>
  void change(Body body) {
    std::lock_guard lock(mutex_);
    body();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct arrived {
  std::string key, value;
  std::vector<std::pair<std::string, std::string>> headers;
  bool has_key, has_value;
};

class relay_world {
 public:
  explicit relay_world(bool real_kafka = false) : app(database_.url()) {
    if (real_kafka) {
      const char* address = std::getenv("SKALD_TEST_KAFKA");
      if (!address) FAIL("SKALD_TEST_KAFKA is not set: run ./dev test, which starts a Kafka");
      kafka.bootstrap = address;
    } else {
      mock_ = std::make_unique<kafka::mock_cluster>();
      kafka.bootstrap = mock_->bootstrap();
    }
    pg::migrate_up(app, "outbox", pg::read_migrations(SKALD_OUTBOX_MIGRATIONS));
    topic = make_topic();
  }

  std::string url() const { return database_.url(); }

  std::string make_topic(int partitions = 4) {
    auto name = database_.name() + "." + std::to_string(++topics_);
    if (mock_)
      mock_->create_topic(name, partitions);
    else
      kafka::open_admin(kafka)->ensure_topic(name, partitions, 3'600'000);
    return name;
  }

  relay_settings settings() const {
    relay_settings s;
    s.postgres = url();
    s.lead_retry = 20ms;
    return s;
  }
  std::unique_ptr<relay> start(told& t) { return start(t, settings(), {}); }
  std::unique_ptr<relay> start(told& t, relay_settings s, kafka::writer_settings w) {
    auto r = std::make_unique<relay>(s, kafka::relay_log(kafka, w), t.events());
    r->start();
    return r;
  }

  void insert(const std::string& key, const std::string& value) {
    app.exec("insert into outbox(topic, key, payload) values ($1, $2, $3)",
             {topic, key, pg::bytes{value}});
  }
  // `rows` more of ten keys, each counting on from 1; a multiple of ten.
  void fill(int rows) {
    app.exec(
        "insert into outbox(topic, key, payload)"
        " select $1, 'k' || n % 10, convert_to((n / 10 + 1)::text, 'UTF8')"
        " from generate_series($2::int, $3::int) n",
        {topic, filled_, filled_ + rows - 1});
    filled_ += rows;
  }
  std::map<std::string, int> filled() const {
    std::map<std::string, int> written;
    for (int k = 0; k < 10; ++k) written["k" + std::to_string(k)] = filled_ / 10;
    return written;
  }
  void set_kafka_down(bool down) { mock_->set_down(down); }
  std::int64_t count(const std::string& from = "outbox") {
    return app.exec("select count(*) from " + from).number(0, 0);
  }

  // The records of `from` until `enough` says so, partitions in any order.
  template <class Enough>
  std::vector<arrived> read(const std::string& from, Enough enough, int partitions = 4) {
    auto reader = kafka::open_reader(kafka, {});
    std::vector<position> all;
    for (int p = 0; p < partitions; ++p) all.push_back({{from, p}, 0});
    reader->assign(all);
    std::vector<arrived> got;
    std::vector<wire::record> records;
    for (auto until = steady::now() + patience; !enough(got) && steady::now() < until;) {
      reader->wait(50ms);
      records.clear();
      reader->poll(records, 10'000, 16 << 20);
      for (auto& r : records) {
        arrived a{std::string(r.key), std::string(r.value), {}, r.has_key, r.has_value};
        for (auto& h : r.headers) a.headers.emplace_back(h.name, h.value);
        got.push_back(std::move(a));
      }
    }
    return got;
  }
  std::vector<arrived> read(std::size_t n) {
    return read(topic, [&](auto& got) { return got.size() >= n; });
  }
  // Until all that is written has come, however often.
  std::vector<arrived> read_all(const std::map<std::string, int>& written) {
    std::size_t total = 0, looked_at = 0;
    for (auto& [key, n] : written) total += static_cast<std::size_t>(n);
    std::set<std::pair<std::string, std::string>> distinct;
    return read(topic, [&](auto& got) {
      for (; looked_at < got.size(); ++looked_at)
        distinct.emplace(got[looked_at].key, got[looked_at].value);
      return distinct.size() >= total;
    });
  }

 private:
  test::database database_{"skald_relay"};
  std::unique_ptr<kafka::mock_cluster> mock_;
  int topics_ = 0, filled_ = 0;

 public:
  kafka::connection kafka;
  pg::connection app;
  std::string topic;
};

// Of values that count 1, 2, 3... per key: what is missing, and first arrivals out of order.
struct verdict {
  std::size_t lost = 0, order_violations = 0, doubled = 0;
};
inline verdict judge(const std::vector<arrived>& got, const std::map<std::string, int>& written) {
  verdict v;
  std::map<std::string, std::set<int>> seen;
  for (auto& a : got) {
    auto& of_key = seen[a.key];
    auto n = std::stoi(a.value);
    if (!of_key.insert(n).second)
      ++v.doubled;
    else if (n != *of_key.rbegin())
      ++v.order_violations;
  }
  for (auto& [key, n] : written) {
    auto& of_key = seen[key];
    for (int i = 1; i <= n; ++i) v.lost += !of_key.contains(i);
  }
  return v;
}
}  // namespace skald::test
