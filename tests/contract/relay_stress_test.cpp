// Twelve writers that commit late, out of id order, or not at all, over many seeds.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "tests/contract/relay_world.hpp"

using namespace skald;
using namespace skald::test;

namespace {
constexpr int seeds = 50, writers = 12, transactions = 14;

// A writer's work, in the server: adds 1, 2, 3... to keys under their locks, in transactions of up
// to three rows. Every second one commits late by up to 8 ms, holding its key; every tenth aborts.
constexpr const char* writer_sql = R"(
  create table counter(key text primary key, n int);
  create procedure write_some(its_topic text, seed float8, transactions int)
  language plpgsql as $$
  declare
    its_key text;
    next int;
  begin
    perform setseed(seed);
    for t in 1..transactions loop
      its_key := 'k' || 1 + floor(random() * 5)::int;
      for r in 1..1 + floor(random() * 3)::int loop
        update counter set n = n + 1 where key = its_key returning n into next;
        insert into outbox(topic, key, payload)
          values (its_topic, its_key, convert_to(next::text, 'UTF8'));
      end loop;
      if random() < 0.5 then
        perform pg_sleep(random() * 0.008);
      end if;
      if random() < 0.1 then
        rollback;
      else
        commit;
      end if;
    end loop;
  end $$)";

// Sessions at work for w.topic.
class crew {
 public:
  explicit crew(relay_world& w) : world_(w) {
    w.app.exec_script(writer_sql);
    for (int i = 0; i < writers; ++i) sessions_.emplace_back(w.url());
  }
  // Returns the last committed number of each key.
  std::map<std::string, int> write(unsigned seed, int transactions_each = transactions) {
    auto& app = world_.app;
    app.exec_script(
        "truncate counter; insert into counter select 'k' || i, 0 from generate_series(1, 5) i");
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < writers; ++i)
      threads.emplace_back([&, i] {
        const auto own = (seed * writers + i) / 1e6;
        sessions_[i].exec("call write_some($1, $2, $3)", {world_.topic, own, transactions_each});
      });
    for (auto& t : threads) t.join();
    std::map<std::string, int> written;
    const auto r = app.exec("select key, n from counter where n > 0");
    for (std::size_t i = 0; i < r.rows(); ++i)
      written[r.text(i, 0)] = static_cast<int>(r.number(i, 1));
    return written;
  }

 private:
  relay_world& world_;
  std::vector<pg::connection> sessions_;
};

verdict judge_topic(relay_world& w, const std::map<std::string, int>& written) {
  return judge(w.read_all(written), written);
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
  crew writing(w);
  int rows = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    told t;
    auto settings = w.settings();
    settings.batch_rows = 1 + static_cast<std::int64_t>(seed % 7) * 10;  // cuts in all places
    settings.settle_every = 1ms;
    settings.poll_at_most = 300s;  // a wake-up that is lost is a record that does not come
    auto relay = w.start(t, settings, {});
    w.topic = w.make_topic();
    const auto written = writing.write(seed);
    const auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
    CHECK(v.doubled == 0);
    for (auto& [key, n] : written) rows += n;
    relay->stop();
    CHECK(w.count() == 0);
  }
  MESSAGE(seeds << " seeds, " << rows << " rows");
}

TEST_CASE("the same while the leader's session is ended again and again") {
  relay_world w;
  crew writing(w);
  for (unsigned seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    told one, two;
    auto settings = w.settings();
    settings.batch_rows = 20;
    settings.longest_pause = 20ms;
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
    const auto written = writing.write(100 + seed, 3 * transactions);
    over = true;
    killer.join();
    const auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
  }
}

TEST_CASE("the same while relays are killed, and stopped and woken as zombies") {
  relay_world w(true);
  crew writing(w);
  pg::connection clock(w.url());
  int kills = 0, stops = 0;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    w.topic = w.make_topic();
    std::mt19937 random(seed);
    std::array<std::unique_ptr<relay_process>, 2> relays;
    for (auto& r : relays) r = std::make_unique<relay_process>(w);
    std::map<std::string, int> written;
    std::atomic<bool> over{false};
    std::thread work([&] {
      written = writing.write(200 + seed, 20 * transactions);
      over = true;
    });
    for (int n = 0; n < 4 || !over; ++n) {
      auto& victim = relays[random() % relays.size()];
      let_pass(clock, static_cast<double>(random() % 300) / 1'000);
      if ((n + seed) % 2) {
        victim = std::make_unique<relay_process>(w);  // the old one is killed
        ++kills;
      } else {
        victim->signal(SIGSTOP);
        let_pass(clock, 1.2);  // longer than the silence that the server bears
        victim->signal(SIGCONT);
        ++stops;
      }
    }
    work.join();
    const auto v = judge_topic(w, written);
    CHECK(v.lost == 0);
    CHECK(v.order_violations == 0);
  }
  MESSAGE(kills << " killed, " << stops << " stopped and woken");
}
