#include "orchestrator/bench/run.hpp"

#include <poll.h>
#include <unistd.h>

#include <random>

#include "orchestrator/bench/audited.hpp"
#include "orchestrator/bench/books_check.hpp"
#include "orchestrator/bench/child.hpp"
#include "orchestrator/bench/meter.hpp"
#include "orchestrator/bench/saga.hpp"

namespace skald::bench {
namespace {
using std::chrono::steady_clock;
using what = run_settings::what;

constexpr milliseconds to_prepare{60'000}, to_be_ready{60'000}, to_stop{60'000}, slack{30'000};
constexpr milliseconds to_recover{60'000}, to_audit{300'000}, look_again{2};
constexpr int shortest_life_ms = 500, longest_life_ms = 4'000;  // of a service that is killed
constexpr milliseconds to_live{longest_life_ms};

std::string unique_name() {
  static int made = 0;
  return "skald_bench_" + std::to_string(::getpid()) + "_" +
         std::to_string(steady_clock::now().time_since_epoch().count() % 1'000'000) + "_" +
         std::to_string(++made);
}

void wait_to_stop(const parent_line& line) {
  pollfd p{line.fd(), POLLIN, 0};
  ::poll(&p, 1, -1);
}

child start_service(const ground& g) {
  auto started = child::start("service", [&g](parent_line& line) {
    service s(g.service_settings());
    s.start();
    line.say("ready");
    wait_to_stop(line);
    s.stop();
    return std::string();
  });
  return started;
}

child start_stand_in(const servers& s, const ground& g, int workers) {
  return child::start("floor engine", [&s, &g, workers](parent_line& line) {
    stand_in(
        kafka_at(s.kafka), {.prefix = g.name(), .shards = ground::shards, .workers = workers},
        [&] { line.say("ready"); }, [&] { return line.stop_asked(); });
    return std::string();
  });
}

child start_participants(const servers& s, const ground& g, const run_settings& r) {
  return child::start("participants", [&s, &g, &r](parent_line& line) {
    std::optional<std::string> database;
    if (r.subject == what::service) database = g.participants_database();
    participate(
        kafka_at(s.kafka), r.participants, database, [&] { line.say("ready"); },
        [&] { return line.stop_asked(); });
    return std::string();
  });
}

const char* words(stage at) {
  return at == stage::warm ? "warm" : "measured";
}

child start_driver(const servers& s, const load_settings& load) {
  return child::start("load generator", [&s, &load](parent_line& line) {
    return drive(
               kafka_at(s.kafka), load, [&](stage at) { line.say(words(at)); },
               [&] { return line.stop_asked(); })
        .text();
  });
}

child start_postgres_floor(const ground& g, const run_settings& r) {
  return child::start("PostgreSQL floor", [&g, &r](parent_line& line) {
    const auto definition = g.definition_no();
    return drive_in_memory(
               r.load, r.participants,
               {.prefix = g.name(),
                .shards = ground::shards,
                .workers = r.workers,
                .database = g.database(),
                .definition_no = definition},
               g.participants_database(), [&](stage at) { line.say(words(at)); },
               [&] { return line.stop_asked(); })
        .text();
  });
}

void prepare(const servers& s, const ground& g, const run_settings& r) {
  child::start("preparation", [&](parent_line&) {
    if (r.subject == what::postgres_floor) {
      memory_log log;
      g.prepare(in_memory(log));
    } else {
      g.prepare(kafka_at(s.kafka));
    }
    return std::string();
  }).hear(to_prepare);
  if (r.preload) g.preload(r.preload);
}

// Moves with every commit of records.
constexpr char all_read[] = "select coalesce(sum(o), 0)::bigint from shard, unnest(next_offset) o";
constexpr char all_taken_over[] = "select coalesce(sum(epoch), 0)::bigint from shard";

std::int64_t progress(pg::connection& db, const char* query = all_read) {
  return db.exec(query).number(0, 0);
}

double first_progress_ms(pg::connection& db, std::int64_t before, const char* query = all_read) {
  const auto begin = steady_clock::now();
  while (progress(db, query) == before) {
    if (steady_clock::now() - begin > to_recover)
      throw std::runtime_error("service: no commit for 60 s after a restart");
    ::poll(nullptr, 0, static_cast<int>(look_again.count()));
  }
  return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

// The parts of one run over Kafka. What is under test comes first.
struct company {
  child subject, participants, driver;
  std::optional<child> neighbour;  // of the subject
};

// Whoever has failed first says why; the driver only notices that nothing ends.
std::string hear_of(company& c, milliseconds at_most) {
  try {
    return c.driver.hear(at_most);
  } catch (const std::exception&) {
    c.subject.hear_if(milliseconds(0));
    c.participants.hear_if(milliseconds(0));
    if (c.neighbour) c.neighbour->hear_if(milliseconds(0));
    throw;
  }
}

class killer {
 public:
  killer(pg::connection& db, cpu_book& cpu, const ground& g, int kills, std::uint64_t seed)
      : db_(db), cpu_(cpu), ground_(g), left_(kills), random_(seed) {}

  // All kills, each with its restart; then the driver is asked to end what it measures.
  std::string hear_of(company& c, milliseconds at_most, std::vector<double>& recovery_ms) {
    const auto end = steady_clock::now() + at_most;
    std::uniform_int_distribution<int> life(shortest_life_ms, longest_life_ms);
    const bool any = left_ > 0;
    for (; left_ > 0; --left_) {
      ::poll(nullptr, 0, life(random_));
      cpu_.ending("service");
      c.subject.kill();
      const auto* moves = c.neighbour ? all_taken_over : all_read;
      const auto before = progress(db_, moves);
      c.subject = start_service(ground_);
      cpu_.watch("service", c.subject.pid());
      recovery_ms.push_back(first_progress_ms(db_, before, moves));
    }
    if (any) c.driver.ask_to_stop();
    return bench::hear_of(c, std::chrono::ceil<milliseconds>(end - steady_clock::now()));
  }

 private:
  pg::connection& db_;
  cpu_book& cpu_;
  const ground& ground_;
  int left_;
  std::mt19937_64 random_;
};

void measure_over_kafka(const servers& s, const ground& g, const run_settings& r,
                        pg::connection& db, meter& m, run_result& result) {
  const bool serving = r.subject == what::service;
  auto subject = serving ? start_service(g) : start_stand_in(s, g, r.workers);
  subject.hear(to_be_ready);
  auto participants = start_participants(s, g, r);
  participants.hear(to_be_ready);
  std::optional<child> neighbour;
  if (r.neighbour) neighbour.emplace(start_service(g)).hear(to_be_ready);
  company c{std::move(subject), std::move(participants), start_driver(s, r.load),
            std::move(neighbour)};
  killer kills(db, m.cpu(), g, r.kills, r.load.seed);
  hear_of(c, r.load.first_end_within + r.load.warm_up + slack);
  m.cpu().watch("service", c.subject.pid());
  m.cpu().watch("participants", c.participants.pid());
  m.cpu().watch("driver", c.driver.pid());
  if (c.neighbour) m.cpu().watch("neighbour", c.neighbour->pid());
  m.begin();
  kills.hear_of(c, r.load.measured + slack + (to_recover + to_live) * r.kills, result.recovery_ms);
  m.end();
  result.service_memory = memory_of(c.subject.pid()).value_or(memory_use{});
  result.load = load_result::read(hear_of(c, r.load.drain_at_most + slack));
  c.participants.finish(to_stop);
  c.subject.finish(to_stop);
  if (c.neighbour) c.neighbour->finish(to_stop);
}

void audit_all(const servers& s, const ground& g, run_result& result) {
  auto auditor = child::start("audit", [&](parent_line& line) {
    for (const auto& v : audited(s, g)) line.say(v);
    return std::string();
  });
  for (auto v = auditor.hear(to_audit); !v.empty(); v = auditor.hear(to_audit))
    result.violations.push_back(v);
}

// A load that only opens so many sagas.
load_settings opening(const ground& g, const char* part, std::int64_t sagas) {
  return {.prefix = g.name(),
          .definition = std::string(waiting_saga().name),
          .run = g.name() + part,
          .pace = {.window = static_cast<std::size_t>(sagas)},
          .first_end_within = std::chrono::hours(1),
          .warm_up = milliseconds(0),
          .measured = milliseconds(1),
          .most = static_cast<std::uint64_t>(sagas)};
}

// Until so many more are open and at rest, with every command sent: memory that is only under way
// is no open saga's.
void open_more(const servers& s, const ground& g, pg::connection& db, const char* part,
               std::int64_t sagas) {
  if (sagas == 0) return;
  const auto count = [&](const char* table) {
    return db.exec(std::string("select count(*) from ") + table).number(0, 0);
  };
  const auto all = count("saga") + sagas;
  auto driver = start_driver(s, opening(g, part, sagas));
  const auto end = steady_clock::now() + std::chrono::minutes(5);
  while (count("saga") < all || count("outbox_batch") > 0) {
    driver.hear_if(milliseconds(100));
    if (steady_clock::now() > end) throw std::runtime_error("the sagas do not open");
  }
}

void measure_in_memory(const ground& g, const run_settings& r, meter& m, run_result& result) {
  auto all = start_postgres_floor(g, r);
  all.hear(r.load.first_end_within + r.load.warm_up + slack);
  m.cpu().watch("service", all.pid());
  m.begin();
  all.hear(r.load.measured + slack);
  m.end();
  result.load = load_result::read(all.hear(r.load.drain_at_most + slack));
}
}  // namespace

std::optional<double> run_result::cpu_ms_per_saga() const {
  double sum = 0;
  for (const auto& [process, ms] : cpu_ms) {
    if (!ms) return {};
    sum += *ms;
  }
  return per_saga(sum);
}

run_result run(const servers& s, const run_settings& wanted) {
  const ground g(s, unique_name(), wanted.workers);
  auto r = wanted;
  r.load.prefix = g.name();
  r.load.run = g.name();
  r.load.definition = std::string(measured_saga().name);
  prepare(s, g, r);
  pg::connection db(g.database());
  meter m(db);
  m.cpu().watch("postgres", postmaster_of(db));
  run_result result{.name = r.name};
  if (r.subject == what::postgres_floor) {
    measure_in_memory(g, r, m, result);
  } else {
    m.cpu().watch("kafka", kafka_of(s.kafka));
    measure_over_kafka(s, g, r, db, m, result);
  }
  result.cpu_ms = m.cpu_ms();
  result.wal_bytes = m.wal_bytes();
  result.busy_share = m.busy_share();
  if (r.subject != what::kafka_floor)
    result.violations = check_books(db, g.participants_database(), result.load, r.preload);
  else if (result.load.never_ended)
    result.violations.push_back(std::to_string(result.load.never_ended) + " sagas never ended");
  if (r.kills > 0) audit_all(s, g, result);
  return result;
}

restart_result run_restart(const servers& s, std::int64_t open_sagas, int workers) {
  const ground g(s, unique_name(), workers);
  prepare(s, g, {});
  pg::connection db(g.database());
  auto subject = start_service(g);
  subject.hear(to_be_ready);
  // What the load leaves behind in buffers is there before the second half.
  const auto half = open_sagas / 2;
  open_more(s, g, db, "_1", half);
  const auto before_mb = memory_of(subject.pid()).value_or(memory_use{}).rss_mb;
  open_more(s, g, db, "_2", open_sagas - half);
  const auto after_mb = memory_of(subject.pid()).value_or(memory_use{}).rss_mb;
  subject.kill();
  // One more start is waiting when the service comes back.
  auto one = opening(g, "_3", 1);
  one.first_end_within = one.drain_at_most = milliseconds(1);
  start_driver(s, one).last_word(slack);
  const auto before = progress(db);
  const auto begin = steady_clock::now();
  subject = start_service(g);
  first_progress_ms(db, before);
  restart_result result{.open_sagas = open_sagas};
  result.first_commit_ms =
      std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
  result.bytes_per_open_saga =
      (after_mb - before_mb) * 1e6 / static_cast<double>(open_sagas - half);
  subject.finish(to_stop);
  return result;
}
}  // namespace skald::bench
