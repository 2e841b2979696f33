// Twelve writers that commit late, out of id order, or not at all, over many seeds.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <random>
#include <thread>

#include "tests/contract/relay_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
constexpr int seeds = 50, writers = 12, keys = 5, transactions = 14;

// Adds 1..n to keys under their locks; returns the last committed number of each key.
std::map<std::string, int> write_all(relay_world& w, unsigned seed,
                                     int transactions_each = transactions) {
  w.app.exec_script(
      "drop table if exists counter; create table counter(key text primary key, n int);"
      "insert into counter select 'k' || i, 0 from generate_series(1, 5) i");
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&, i] {
      std::mt19937 random(seed * 1'000 + static_cast<unsigned>(i));
      pg::connection c(w.url());
      for (int n = 0; n < transactions_each; ++n) {
        pg::transaction tx(c);
        auto key = "k" + std::to_string(random() % keys + 1);
        for (auto rows = random() % 3 + 1; rows > 0; --rows) {
          auto next = tx.exec("update counter set n = n + 1 where key = $1 returning n", {key});
          tx.exec("insert into outbox(topic, key, payload) values ($1, $2, $3)",
                  {w.topic, key, pg::bytes{next.text(0, 0)}});
        }
        // Late by up to 8 ms, in the server, holding the key.
        if (random() % 2)
          tx.exec("select pg_sleep($1)", {static_cast<double>(random() % 8) / 1'000});
        if (random() % 10 == 0)
          tx.rollback();
        else
          tx.commit();
      }
    });
  for (auto& t : threads) t.join();
  std::map<std::string, int> written;
  auto r = w.app.exec("select key, n from counter where n > 0");
  for (std::size_t i = 0; i < r.rows(); ++i)
    written[r.text(i, 0)] = static_cast<int>(r.number(i, 1));
  return written;
}

std::size_t total(const std::map<std::string, int>& written) {
  std::size_t n = 0;
  for (auto& [key, count] : written) n += static_cast<std::size_t>(count);
  return n;
}

verdict judge_topic(relay_world& w, const std::map<std::string, int>& written) {
  std::set<std::pair<std::string, std::string>> distinct;
  std::size_t looked_at = 0;
  auto got = w.read(w.topic, [&](auto& all) {
    for (; looked_at < all.size(); ++looked_at)
      distinct.emplace(all[looked_at].key, all[looked_at].value);
    return distinct.size() >= total(written);
  });
  return judge(got, written);
}
// A relay in a process of its own; killed at the end.
class relay_process {
 public:
  explicit relay_process(relay_world& w) {
    int input[2];
    REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input[0], 0);
    std::string program = SKALD_RELAY_PROCESS, url = w.url(), bootstrap = w.kafka.bootstrap;
    char* words[] = {program.data(), url.data(), bootstrap.data(), nullptr};
    REQUIRE(::posix_spawn(&id_, program.c_str(), &actions, nullptr, words, environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(input[0]);
    input_ = input[1];
  }
  ~relay_process() {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
    ::close(input_);
  }
  relay_process(const relay_process&) = delete;
  relay_process& operator=(const relay_process&) = delete;
  void signal(int no) { ::kill(id_, no); }

 private:
  pid_t id_ = 0;
  int input_ = -1;
};

// Waits in the server, so that the faults fall somewhere into the writers' work.
void let_pass(pg::connection& c, double seconds) {
  c.exec("select pg_sleep($1)", {seconds});
}
}  // namespace

TEST_CASE("12 writers, aborts, late commits: nothing lost, no key out of order") {
  relay_world w;
  std::size_t rows = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    told t;
    auto settings = w.settings();
    settings.batch_rows = 1 + static_cast<std::int64_t>(seed % 7) * 10;  // cuts in all places
    settings.settle_every = 1ms;
    auto relay = w.start(t, settings, {});
    w.topic = w.make_topic();
    auto written = write_all(w, seed);
    auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
    CHECK(v.doubled == 0);
    rows += total(written);
    relay->stop();
    CHECK(w.count() == 0);
  }
  MESSAGE(seeds << " seeds, " << rows << " rows");
}

TEST_CASE("the same while the leader's session is ended again and again") {
  relay_world w;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    told one, two;
    auto settings = w.settings();
    settings.batch_rows = 20;
    auto first = w.start(one, settings, {}), second = w.start(two, settings, {});
    w.topic = w.make_topic();
    std::atomic<bool> over{false};
    std::thread killer([&] {
      pg::connection c(w.url());
      while (!over)
        c.exec(
            "select pg_terminate_backend(pid), pg_sleep(0.05) from pg_locks"
            " where locktype = 'advisory' and classid = 813730 and granted");
    });
    auto written = write_all(w, 100 + seed);
    over = true;
    killer.join();
    auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
  }
}

TEST_CASE("the same while relays are killed, and stopped and woken as zombies") {
  relay_world w(true);
  pg::connection clock(w.url());
  for (unsigned seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    w.topic = w.make_topic();
    std::mt19937 random(seed);
    std::array<std::unique_ptr<relay_process>, 2> relays;
    for (auto& r : relays) r = std::make_unique<relay_process>(w);
    std::map<std::string, int> written;
    std::atomic<bool> over{false};
    std::thread work([&] {
      written = write_all(w, 200 + seed, 10 * transactions);
      over = true;
    });
    while (!over) {
      auto& victim = relays[random() % relays.size()];
      let_pass(clock, static_cast<double>(random() % 300) / 1'000);
      if (random() % 2) {
        victim = std::make_unique<relay_process>(w);  // the old one is killed
      } else {
        victim->signal(SIGSTOP);
        let_pass(clock, 1.5);  // longer than the silence that the server bears
        victim->signal(SIGCONT);
      }
    }
    work.join();
    auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
  }
}
