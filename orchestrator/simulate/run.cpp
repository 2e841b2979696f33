#include "orchestrator/simulate/run.hpp"

#include <algorithm>

#include "orchestrator/clause_counts.hpp"
#include "orchestrator/simulate/customers.hpp"
#include "orchestrator/simulate/operators.hpp"
#include "orchestrator/simulate/participants.hpp"

namespace skald::sim {
namespace {
constexpr std::uint64_t most_rounds = 100'000;  // of one run
constexpr int quiet_rounds = 6;                 // without news: the world has come to rest
constexpr std::int64_t longest_step_ms = 3'600'000;
constexpr int looks = 20;  // of the operator, while things go wrong

class simulation {
 public:
  simulation(const plan& p, const script& s, const breakage& b)
      : b_(b), w_(p, s), participants_(w_), customers_(w_), operators_(w_, customers_) {
    w_.log.appended = [this](const auto& topic, auto no, auto offset) {
      notice(topic, no, offset);
    };
    w_.database.checks = b.checks;
    if (b.publish_first) w_.database.publish_first = [this](const auto& row) { publish(row); };
    crew_.emplace(w_, b.open_store);
    customers_.plan_all();
    plan_the_end();
  }

  outcome run() {
    while (rounds_ < most_rounds && (!rested() || operators_.resume_all())) round();
    b_.at_rest(w_);
    clause_counts = nullptr;  // the audit decides nothing
    outcome out;
    const compiled definition(1, nullptr, w_.spec(), prefix);
    if (rounds_ >= most_rounds) say_who_is_restless();
    out.findings = auditor(w_, definition).audit();
    out.coverage.faults = w_.mix.counts;
    out.coverage.failpoints = crew_->failpoints();
    for (const auto n : w_.mix.counts) out.faults += n;
    out.turns = rounds_;
    out.simulated_ms = w_.clock.passed_ms;
    out.absorbed = w_.absorbed;
    out.fenced = crew_->counts().fenced_batches.value();
    out.unknown = crew_->counts().unknown_commits.value();
    out.take_overs = crew_->counts().take_overs.value();
    out.story = std::move(w_.story);
    return out;
  }

 private:
  void notice(const log_topic&, std::int32_t no, std::int64_t offset);
  void publish(const packed_write&);
  void plan_the_end();
  void round();
  void move_time();
  void say_who_is_restless();
  bool rested() {
    return calm_ && quiet_ >= quiet_rounds && w_.agenda.empty() &&
           !w_.database.tables.next_due_ms();
  }

  const breakage& b_;
  world w_;
  participants participants_;
  customers customers_;
  operators operators_;
  std::optional<crew> crew_;
  bool calm_ = false;
  int quiet_ = 0;
  std::uint64_t rounds_ = 0;
  std::int64_t step_ms_ = 100, tick_ms_ = 1;
};

void simulation::notice(const log_topic& topic, std::int32_t no, std::int64_t offset) {
  const bool command = topic.name.ends_with(".commands");
  if (!command && !topic.name.ends_with(".saga-events")) return;
  wire::frame frame;
  std::string_view rest = topic.partitions[static_cast<std::size_t>(no)]
                              .records[static_cast<std::size_t>(offset)]
                              .packed;
  wire::read_frame(rest, frame);
  std::string_view id, attempt;
  for (const auto& h : frame.headers) {
    if (h.name == "ce_id") id = h.value;
    if (h.name == "ce_sagaattempt") attempt = h.value;
  }
  int saga = -1;
  if (auto* p = w_.party_of(frame.key, &saga)) p->published.push_back(published_hash(id, attempt));
  w_.tell(saga,
          [&] { return "published " + std::string(id) + " attempt " + std::string(attempt); });
  if (command) participants_.notice(topic, no, offset);
}

void simulation::publish(const packed_write& row) {
  std::string_view rest = row.body;
  wire::frame frame;
  while (!rest.empty() && wire::read_frame(rest, frame))
    w_.log.append(frame.topic, frame.key, frame.headers, frame.value);
}

// For some time things go wrong; then they do no longer, and the world must come to rest.
void simulation::plan_the_end() {
  static constexpr std::int64_t more_ms[] = {5'000, 60'000, 600'000, 20'000'000};
  const auto end = w_.span_ms + more_ms[w_.draw.below(std::size(more_ms))];
  for (int i = 1; i <= looks; ++i)
    w_.agenda.at(end * i / (looks + 1), [this] { operators_.look(); });
  const bool sees_to_all = w_.draw.below(2) == 0;
  w_.agenda.at(end, [this, sees_to_all] {
    w_.mix.stop();
    crew_->heal();
    operators_.resume_all();
    if (sees_to_all) operators_.see_to_all();
    calm_ = true;
  });
  tick_ms_ = w_.draw.between(1, 20);
}

void simulation::round() {
  ++rounds_;
  const bool news = !w_.agenda.empty() && w_.agenda.next_ms() <= w_.clock.passed_ms;
  w_.agenda.run_due(w_.clock.passed_ms);
  const bool more = crew_->turn();
  if (more || news) quiet_ = 0, step_ms_ = 100;
  if (!more) move_time();
}

void simulation::say_who_is_restless() {
  for (const auto& s : w_.database.tables.sagas) {
    int saga = -1;
    w_.party_of(s.key, &saga);
    if (s.due_ms != 0)
      return w_.violate(saga, "S7: its timer is due at " +
                                  std::to_string(s.due_ms - w_.clock.database_ms()) +
                                  " ms from now, in phase " + std::to_string(s.phase) +
                                  ", and the world does not come to rest");
  }
  w_.violate(-1, "the world does not come to rest");
}

// To the next thing that is known to happen; nothing is known: further and further.
void simulation::move_time() {
  auto& now = w_.clock.passed_ms;
  std::int64_t next = 0;
  const auto consider = [&](std::int64_t ms) {
    if (next == 0 || ms < next) next = std::max(ms, now + 1);
  };
  if (!w_.agenda.empty()) consider(w_.agenda.next_ms());
  if (const auto due = w_.database.tables.next_due_ms())
    consider(now + *due - w_.clock.database_ms());
  if (const auto back = crew_->next_ms()) consider(back);
  if (next == 0 || next <= now + 1) {  // a worker may be late by as much as a clock has jumped
    ++quiet_;
    next = std::max(next, now + step_ms_);
    step_ms_ = std::min(2 * step_ms_, longest_step_ms);
  }
  if (w_.mix.happens(fault::clock_jumps))
    w_.clock.jumped_ms += w_.draw.between(-1, 3) * w_.draw.between(0, 1'000'000);
  now = (next + tick_ms_ - 1) / tick_ms_ * tick_ms_;
}
}  // namespace

void coverage::add(const coverage& other) {
  for (std::size_t i = 0; i < clauses.size(); ++i) clauses[i] += other.clauses[i];
  for (std::size_t i = 0; i < faults.size(); ++i) faults[i] += other.faults[i];
  for (const auto& f : other.failpoints) {
    const auto known = std::find_if(failpoints.begin(), failpoints.end(),
                                    [&](const auto& g) { return g.name == f.name; });
    if (known == failpoints.end()) {
      failpoints.push_back(f);
    } else {
      known->passes += f.passes;
      known->deaths += f.deaths;
    }
  }
}

const script& script_of(const plan& p, std::span<const script> all) {
  for (const auto& s : all)
    if (s.spec().name == p.definition) return s;
  return all[dice(p.seed, fault_kinds + 2).below(all.size())];
}

outcome run(const plan& p, const script& s, const breakage& b) {
  coverage reached;
  clause_counts = reached.clauses.data();
  outcome out;
  try {
    out = simulation(p, s, b).run();
  } catch (...) {
    clause_counts = nullptr;
    throw;
  }
  clause_counts = nullptr;
  out.coverage.clauses = reached.clauses;
  return out;
}
}  // namespace skald::sim
