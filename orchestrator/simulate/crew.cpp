#include "orchestrator/simulate/crew.hpp"

namespace skald::sim {
namespace {
constexpr std::size_t most_workers = 3;
constexpr std::int64_t session_ms = 10'000;  // after that the group deals a still member's shards
constexpr std::int64_t restart_ms = 3'000;
constexpr std::int64_t most_passes = 4;  // of a failpoint, until who passes it dies
}  // namespace

crew::crew(world& w, opener open) : w_(w), open_store_(std::move(open)) {
  failpoint::watch([this](std::string_view name) { return pass(name); });
  processes_.resize(1 + w_.draw.below(most_workers));
  for (std::size_t i = 0; i < processes_.size(); ++i) start(i);
}

crew::~crew() {
  failpoint::watch({});
}

void crew::start(std::size_t which) {
  worker_setup s;
  s.prefix = prefix;
  s.node = "simulated";
  s.shards = static_cast<std::int32_t>(w_.database.tables.shards.size());
  s.limits.batch_records = 200;
  const auto nth = w_.plan.seed % 16;  // some runs load again and again, by either bound
  s.limits.cached_sagas = nth == 0 ? 10 : 1'000;
  if (nth == 8) s.limits.cached_bytes = 15'000;
  s.open_store = [this] { return open_store_(w_.database); };
  s.open_reader = [this, which](const std::string&) { return w_.log.open_reader(which); };
  s.open_writer = [this](bool, log_writer::on_delivery told) { return w_.log.open_writer(told); };
  s.secrets = {{1, "a key of the simulated installation"}};
  s.steady_now = [this] { return w_.clock.steady_now(); };
  s.report = [this](const log_entry& what) { w_.tell(-1, [&] { return what.text; }); };
  processes_[which].live = std::make_unique<worker>(std::move(s), metrics_);
}

// Names are the program's constants: told apart by where they lie.
failpoint::effect crew::pass(std::string_view name) {
  auto found = failpoints_.begin();
  while (found != failpoints_.end() && found->name.data() != name.data()) ++found;
  if (found == failpoints_.end()) found = failpoints_.insert(found, {name});
  ++found->passes;
  if (name == doomed_at_ && --passes_to_live_ == 0) {
    doomed_at_ = {};
    ++found->deaths;
    w_.tell(-1, [&] { return "the worker is killed at " + std::string(name); });
    throw killed{};
  }
  return failpoint::effect::none;
}

std::int64_t crew::next_ms() const {
  std::int64_t next = 0;
  for (const auto& p : processes_)
    if (p.back_ms != 0 && (next == 0 || p.back_ms < next)) next = p.back_ms;
  return next;
}

void crew::trouble(std::size_t which) {
  auto& mix = w_.mix;
  if (mix.happens(fault::worker_dies)) {  // anywhere: at rare places as often as at others
    const auto places = failpoint::known();
    doomed_at_ = places[w_.draw.below(places.size())].name;
    passes_to_live_ = w_.draw.between(1, most_passes);
  }
  if (mix.happens(fault::worker_stalls)) {
    processes_[which].stalled = true;
    processes_[which].back_ms = w_.clock.passed_ms + session_ms + w_.draw.between(0, session_ms);
    w_.log.send_away(which);
    w_.tell(-1, [] { return "a worker stands still"; });
  }
  if (mix.happens(fault::rebalance)) w_.log.rebalance(w_.draw, static_cast<int>(w_.draw.below(4)));
}

bool crew::turn(std::size_t which) {
  auto& p = processes_[which];
  try {
    return p.live->turn();
  } catch (const killed&) {
    p.live.reset();
    p.back_ms = w_.clock.passed_ms + w_.draw.between(0, restart_ms);
    return true;
  } catch (const std::exception& e) {
    ++sessions_failed;
    w_.tell(-1, [&] { return std::string("a session ends: ") + e.what(); });
    return true;
  }
}

bool crew::turn() {
  bool more = false;
  const auto first = w_.draw.below(processes_.size());
  for (std::size_t k = 0; k < processes_.size(); ++k) {
    const auto which = (first + k) % processes_.size();
    auto& p = processes_[which];
    if (p.back_ms > w_.clock.passed_ms) continue;
    if (p.back_ms != 0) {
      p.back_ms = 0;
      if (!p.live) start(which);
      if (p.stalled) w_.log.take_back(which);
      p.stalled = false;
    }
    trouble(which);
    if (p.back_ms == 0) more |= turn(which);
  }
  return more;
}

void crew::heal() {
  doomed_at_ = {};
  for (auto& p : processes_)
    if (p.back_ms != 0) p.back_ms = w_.clock.passed_ms;
}
}  // namespace skald::sim
