#include "orchestrator/bench/command.hpp"

#include <algorithm>
#include <fstream>
#include <ostream>
#include <sstream>

#include "orchestrator/bench/figures.hpp"
#include "orchestrator/bench/report.hpp"

namespace skald::bench {
namespace {
using what = run_settings::what;
enum exit_code : int { done = 0, failed = 1, usage = 2, unreachable = 5 };

struct durations {
  milliseconds warm_up, measured;
};
durations durations_of(const bench_options& o) {
  auto d = o.quick ? durations{milliseconds(3'000), milliseconds(8'000)}
                   : durations{milliseconds(10'000), milliseconds(30'000)};
  if (o.warm_up.count() > 0) d.warm_up = o.warm_up;
  if (o.measured.count() > 0) d.measured = o.measured;
  return d;
}

run_settings closed_loop(const bench_options& o, const char* name) {
  const auto d = durations_of(o);
  run_settings r{.name = name, .workers = o.workers};
  r.load.pace.window = o.window;
  r.load.warm_up = d.warm_up;
  r.load.measured = d.measured;
  r.load.seed = r.participants.noise.seed = o.seed;
  return r;
}

run_settings open_loop(const bench_options& o, const char* name, double per_second,
                       what subject = what::service) {
  auto r = closed_loop(o, name);
  r.subject = subject;
  r.load.pace = {.window = 0, .per_second = per_second};
  return r;
}

run_settings floor(const bench_options& o, const char* name, what subject) {
  auto r = closed_loop(o, name);
  r.subject = subject;
  return r;
}

run_settings noisy(const bench_options& o) {
  constexpr double twice = 0.05, reordered = 0.05, lost = 0.01;
  auto r = closed_loop(o, run_name::noise);
  r.load.duplicates = twice;
  r.load.reordered = reordered;
  auto& n = r.participants.noise;
  n.answer_twice = twice;
  n.delay_reply = reordered;
  n.lose_command = n.lose_reply = lost;
  return r;
}

// In this order: the floors right behind what is compared with them.
std::vector<run_settings> plan(const bench_options& o) {
  std::vector<run_settings> all{closed_loop(o, run_name::throughput),
                                floor(o, run_name::kafka_only, what::kafka_floor),
                                floor(o, run_name::postgres_only, what::postgres_floor)};
  all.push_back(closed_loop(o, run_name::failing));
  all.back().participants.failing = 0.1;
  all.push_back(noisy(o));
  all.push_back(open_loop(o, run_name::latency_200, 200));
  all.push_back(open_loop(o, run_name::kafka_200, 200, what::kafka_floor));
  all.push_back(open_loop(o, run_name::latency_1000, 1'000));
  all.push_back(open_loop(o, run_name::kafka_1000, 1'000, what::kafka_floor));
  all.push_back(closed_loop(o, run_name::growth));
  all.back().preload = o.preload;
  all.push_back(open_loop(o, run_name::kills, 1'000));
  all.back().kills = o.kills;
  all.back().load.until_asked = true;
  all.push_back(all.back());
  all.back().name = run_name::kills_shared;
  all.back().neighbour = true;
  return all;
}

bool chosen(const bench_options& o, const std::string& name) {
  if (!o.only.empty()) return std::find(o.only.begin(), o.only.end(), name) != o.only.end();
  return !o.quick || (name != run_name::growth && !name.starts_with(run_name::kills));
}

postgres_facts facts_of(const std::string& url) {
  pg::connection db(url);
  const auto r = db.exec(
      "select current_setting('server_version'), current_setting('fsync'), "
      "current_setting('synchronous_commit'), current_setting('shared_buffers'), "
      "current_setting('max_wal_size')");
  return {r.text(0, 0), r.text(0, 1), r.text(0, 2), r.text(0, 3), r.text(0, 4)};
}

void tell(std::ostream& err, const run_result& r) {
  err << "skald bench: " << title(r.name) << ": " << grouped(r.load.per_second())
      << " sagas/s, p50 " << fixed(percentile_ms(r, 50), 1) << " ms, p99 "
      << fixed(percentile_ms(r, 99), 1) << " ms\n";
  for (const auto& v : r.violations) err << "skald bench: WRONG: " << v << '\n';
}

std::string complaint(const bench_options& o) {
  const auto known = run_names();
  for (const auto& name : o.only)
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      std::string all;
      for (const auto& k : known) all += (all.empty() ? "" : ", ") + k;
      return "there is no run \"" + name + "\"; there are " + all;
    }
  if (!o.only.empty() && !o.write_doc.empty())
    return "--write-doc writes the whole table anew: leave out --only";
  if (o.workers < 1 || o.workers > ground::shards) return "workers must be between 1 and 8";
  if (o.window < 1 || o.window > max_in_flight) return "window must be between 1 and 500000";
  if (o.kills < 0 || o.preload < 0 || o.open_sagas < 1) return "a count must not be negative";
  if (o.servers.postgres.empty() || o.servers.kafka.empty())
    return "it needs --postgres URL (of a user who may create databases) and --kafka HOST:PORT; "
           "./dev bench starts both";
  return {};
}

void write_page(const std::string& file, const report& r) {
  std::ifstream in(file);
  std::ostringstream page;
  page << in.rdbuf();
  if (!in) throw std::runtime_error(file + " cannot be read");
  const auto text = with_measured(page.str(), to_markdown(r));
  std::ofstream out(file, std::ios::trunc);
  if (!(out << text)) throw std::runtime_error(file + " cannot be written");
}

// A Kafka that was just started compiles itself for its first minute.
void warm_up_servers(const bench_options& o, std::ostream& err) {
  err << "skald bench: the servers warm up ..." << std::endl;
  run(o.servers, closed_loop(o, "warm-up"));
}

void measure(const bench_options& o, report& r, std::ostream& err) {
  if (o.only.empty()) warm_up_servers(o, err);
  for (const auto& wanted : plan(o)) {
    if (!chosen(o, wanted.name)) continue;
    err << "skald bench: " << title(wanted.name) << ": "
        << (wanted.load.warm_up + wanted.load.measured).count() / 1000 << " s ..." << std::endl;
    r.runs.push_back(run(o.servers, wanted));
    tell(err, r.runs.back());
  }
  if (!chosen(o, run_name::restart)) return;
  err << "skald bench: " << o.open_sagas << " open sagas, kill -9, restart ..." << std::endl;
  r.restart = run_restart(o.servers, o.open_sagas, o.workers);
  err << "skald bench: first commit after " << fixed(r.restart->first_commit_ms, 0) << " ms, "
      << grouped(r.restart->bytes_per_open_saga) << " bytes an open saga\n";
}
}  // namespace

std::vector<std::string> run_names() {
  std::vector<std::string> names;
  for (const auto& r : plan({})) names.push_back(r.name);
  names.emplace_back(run_name::restart);
  return names;
}

int bench_command(const bench_options& o, std::ostream& out, std::ostream& err) {
  if (const auto wrong = complaint(o); !wrong.empty()) {
    err << "skald bench: " << wrong << ".\n";
    return usage;
  }
  report r{.machine = facts_of_this_machine(),
           .workers = o.workers,
           .window = o.window,
           .quick = o.quick};
  try {
    r.postgres = facts_of(o.servers.postgres);
    if (r.postgres.fsync != "on" || r.postgres.synchronous_commit != "on")
      err << "skald bench: this PostgreSQL does not wait for its disk (fsync, synchronous_commit): "
             "the figures say nothing about a durable one.\n";
    measure(o, r, err);
    if (!o.write_doc.empty()) write_page(o.write_doc, r);
  } catch (const pg::error& e) {
    err << "skald bench: " << e.what() << '\n';
    return e.lost_connection ? unreachable : failed;
  } catch (const std::exception& e) {
    err << "skald bench: " << e.what() << '\n';
    return failed;
  }
  out << (o.json ? to_json(r) : to_text(r));
  return r.sound() ? done : failed;
}
}  // namespace skald::bench
