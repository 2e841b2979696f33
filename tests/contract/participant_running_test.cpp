// The running participant on a real PostgreSQL and an embedded broker: what throws, what it reads
// while its replies cannot be sent, what its stop leaves behind.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <set>

#include "outbox/kafka/connection.hpp"
#include "outbox/kafka/mock_cluster.hpp"
#include "tests/contract/shop_world.hpp"

using namespace skald;
using namespace skald::test;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {
constexpr auto patience = 60s;  // for what a healthy broker does much earlier

bool wait_for(const std::function<bool()>& so, std::chrono::milliseconds at_most = patience) {
  for (const auto until = steady::now() + at_most; steady::now() < until;)
    if (so()) return true;
  return so();
}

// The shop, its broker, and who reads its replies.
struct street {
  street() {
    cluster.create_topic("shop.commands", 1);
    cluster.create_topic("inbox", 1);
    replies = kafka::open_reader({.bootstrap = cluster.bootstrap()}, {.group = "skald.shop"});
    replies->assign(std::array{position{{"inbox", 0}, 0}});
  }
  void order(int commands) {
    while (ordered < commands) world.take(ordered++, "tea");
    send();
  }
  void send() {
    const auto writer = kafka::open_writer({.bootstrap = cluster.bootstrap()}, {},
                                           [](const log_writer::delivery&) {});
    for (const auto& r : world.records) writer->send(r.topic, r.key, r.headers, r.value, 0);
    REQUIRE(writer->flush(patience));
  }
  participant_settings settings() const {
    return {.name = "shop", .kafka = cluster.bootstrap(), .postgres = world.database.url()};
  }
  void read_replies() {
    replies->wait(10ms);
    std::vector<wire::record> records;
    replies->poll(records, 100, 1 << 20);
    for (const auto& r : records) {
      const auto e = wire::parse(r.headers).envelope;
      answered.insert(std::string(e.correlation_id));
      ++outcomes[std::string(name(e.outcome))];
    }
  }
  // How far the participant's group committed.
  std::int64_t committed() {
    const auto known = replies->committed(std::array{partition{"shop.commands", 0}});
    return known.empty() ? 0 : known.front().offset;
  }

  shop_world world;
  kafka::mock_cluster cluster;
  std::unique_ptr<log_reader> replies;
  int ordered = 0;
  std::set<std::string> answered;
  std::map<std::string, int> outcomes;
};

response take(transaction& tx, const shop::Take& c) {
  tx.exec_params("insert into taken (item) values ($1)", c.item);
  if (c.item == "cursed") throw std::runtime_error("the handler fell over");
  return ok(shop::Taken{c.item, 1});
}
}  // namespace

TEST_CASE("one bad command is answered retry, and does not fail the others of its batch") {
  street s;
  s.world.take(0, "tea");
  s.world.take(1, "cursed");
  s.world.take(2, "milk");
  s.send();
  participant shop(s.settings());
  shop.on<shop::Take>(take);
  shop.start();
  REQUIRE(wait_for([&] { return s.read_replies(), s.answered.size() == 3; }));
  shop.stop();
  CHECK(s.outcomes == std::map<std::string, int>{{"ok", 2}, {"retry", 1}});
  CHECK(s.world.count("taken where item in ('tea', 'milk')") == 2);
  CHECK(s.world.count("taken") == 2);
  CHECK(s.world.count("fence") == 2);
}

// What it had answered a moment before is noted by who no longer was there: it died, or hung.
TEST_CASE("a participant whose database goes away answers every command") {
  constexpr int all = 200;
  street s;
  for (; s.ordered < all; ++s.ordered)
    s.world.take(s.ordered, s.ordered % 100 == 99 ? "cut" : "tea");
  s.send();
  auto settings = s.settings();
  settings.batch_records = 4;
  std::set<std::string> cut;
  participant shop(settings);
  shop.on<shop::Take>([&](transaction& tx, const shop::Take& c, const request& r) {
    if (c.item == "cut" && cut.insert(std::string(r.saga)).second)
      tx.exec("select pg_terminate_backend(pg_backend_pid())");
    tx.exec_params("insert into taken (item) values ($1)", c.item);
    return ok(shop::Taken{c.item, 1});
  });
  shop.start();
  REQUIRE(wait_for([&] { return s.read_replies(), s.answered.size() == all; }));
  shop.stop();
  CHECK(cut.size() == all / 100);
  CHECK(shop.counts().reconnects >= cut.size());
  CHECK(s.world.count("taken") == all);
  CHECK(s.committed() == all);
}

TEST_CASE("commands are not read while too many replies are owed, and again when they are sent") {
  constexpr int all = 100;
  constexpr std::size_t owed = 10, batch = 4;
  street s;
  s.order(all);
  s.cluster.set_leader("inbox", 0, false);
  auto settings = s.settings();
  settings.batch_records = batch;
  settings.max_unacked_replies = owed;
  participant shop(settings);
  shop.on<shop::Take>(take);
  shop.start();
  REQUIRE(wait_for([&] { return s.read_replies(), shop.counts().commands >= owed; }));
  // Time enough for all of them, were they read.
  wait_for([&] { return s.read_replies(), shop.counts().commands >= owed + batch; }, 1s);
  CHECK(shop.counts().commands < owed + batch);
  CHECK(s.committed() == 0);  // of what no reply was acked for
  s.cluster.set_leader("inbox", 0, true);
  CHECK(wait_for([&] { return s.read_replies(), s.answered.size() == all; }));
  shop.stop();
  CHECK(s.outcomes == std::map<std::string, int>{{"ok", all}});
  CHECK(s.world.count("taken") == all);
}

TEST_CASE("stop ends the batch, sends its replies and commits how far it came") {
  constexpr std::size_t all = 400, batch = 4;
  street s;
  s.order(all);
  auto settings = s.settings();
  settings.batch_records = batch;
  std::future<void> stopping;
  {
    participant shop(settings);
    std::atomic<bool> began{false}, asked{false};
    shop.on<shop::Take>([&](transaction& tx, const shop::Take& c) {
      if (!began.exchange(true)) {
        s.cluster.set_leader("inbox", 0, false);  // the replies cannot leave at once
        stopping = std::async(std::launch::async, [&] { shop.stop(); });
        asked = true;
      }
      return take(tx, c);
    });
    shop.start();
    REQUIRE(wait_for([&] { return s.read_replies(), asked.load(); }));
    CHECK(stopping.wait_for(100ms) == std::future_status::timeout);
    s.cluster.set_leader("inbox", 0, true);
    stopping.get();
    shop.stop();  // twice is legal
    const auto taken = static_cast<std::size_t>(s.world.count("taken"));
    CHECK(taken == shop.counts().effects);
    CHECK(taken % batch == 0);
    CHECK(taken >= batch);
    CHECK(wait_for([&] { return s.read_replies(), s.answered.size() >= taken; }));
    CHECK(s.answered.size() == taken);
    CHECK(s.committed() == static_cast<std::int64_t>(taken));
  }
  participant next(settings);
  next.on<shop::Take>(take);
  next.start();
  CHECK(wait_for([&] { return s.read_replies(), s.answered.size() == all; }));
  next.stop();
  CHECK(next.counts().duplicates == 0);
  CHECK(s.world.count("taken") == all);
}
