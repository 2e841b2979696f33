#include "orchestrator/service.hpp"

#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "orchestrator/forward.hpp"
#include "orchestrator/group_watch.hpp"
#include "orchestrator/loop.hpp"
#include "orchestrator/metrics/sampler.hpp"
#include "orchestrator/prepare.hpp"
#include "orchestrator/retention.hpp"
#include "orchestrator/sql.hpp"
#include "orchestrator/store_postgres.hpp"
#include "orchestrator/trace/exporter.hpp"
#include "outbox/ids.hpp"
#include "outbox/kafka/group.hpp"

namespace skald {
namespace {
constexpr auto heartbeat_every = milliseconds(1'000);
constexpr int retention_every_beats = 60;

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string random_id() {
  uuid id;
  RAND_bytes(id.bytes.data(), static_cast<int>(id.bytes.size()));
  return to_string(id);
}
}  // namespace

// The node's row, the journal's partitions. One thread, its own connection.
struct service::keeper {
  keeper(const settings& s, std::function<void(const std::string&)> report)
      : set(s),
        beat(
            heartbeat_every, [this] { turn(); }, std::move(report)) {}
  ~keeper() {
    beat.stop();
    try {
      if (connection) connection->exec(sql::installation::forget_node, {id});
    } catch (const pg::error&) {  // its heartbeat tells that it is gone
    }
  }

  void turn() {
    if (!connection || !connection->is_open()) connection.emplace(set.postgres_url);
    connection->exec(sql::installation::heartbeat, {id, host_name(), set.version});
    if (beats++ % retention_every_beats != 0) return;
    connection->exec(sql::installation::forget_dead_nodes);
    make_journal_partitions(*connection, set.journal_period_ms);
    drop_old_partitions(*connection, set.postgres_url, set.horizon_ms);
  }

  const settings& set;
  const std::string id = random_id();
  std::optional<pg::connection> connection;
  int beats = 0;
  loop beat;
};

struct service::watching {
  watching(service& of, std::function<void(const std::string&)> report)
      : group(of.settings_.kafka, of.settings_.prefix),
        inbox(of.settings_.prefix + ".inbox"),
        watch(
            of.settings_.session / 2,
            [this, count = of.settings_.shards] { return group.without_owner(inbox, count); },
            [&of](const group_watch::shards& without) { of.rejoin(without); }, std::move(report)) {
    watch.start();
  }
  kafka::group group;
  const std::string inbox;
  group_watch watch;
};

struct service::forwarding {
  forwarding(const settings& s, metrics& counts, std::function<void(const std::string&)> report)
      : from(s, counts, std::move(report)) {}
  forwarder from;
};

service::service(settings s) : settings_(std::move(s)) {
  if (settings_.node.empty()) settings_.node = host_name();
}
service::~service() {
  stop();
}

void service::start() {
  if (!workers_.empty()) return;
  std::vector<secret_key> secrets;
  {
    const auto log = kafka::open_admin(settings_.kafka);
    pg::connection database(settings_.postgres_url);
    prepare(database, *log, settings_);
    secrets = live_secrets(database);
  }
  // What a background loop throws, by the name of its event.
  const auto failing = [this](std::string_view event) {
    return [this, event](const std::string& why) { settings_.log({severity::error, event, why}); };
  };
  worker_setup setup;
  setup.prefix = settings_.prefix;
  setup.node = settings_.node;
  setup.shards = settings_.shards;
  setup.limits = settings_.limits;
  setup.secrets = secrets;
  setup.report = settings_.log;
  if (!settings_.trace_url.empty()) {
    exporter_ = std::make_unique<trace::exporter>(
        trace::resource{settings_.version, setup.node},
        trace::curl_poster(settings_.trace_url, settings_.trace_header, trace::answer_within),
        metrics_, failing("trace.failed"));
    exporter_->start();
    setup.traces.sink = [to = exporter_.get()](auto&& spans) { to->add(std::move(spans)); };
    setup.traces.every = settings_.trace_every;
  }
  setup.open_store = [url = settings_.postgres_url] { return open_postgres_store(url); };
  setup.open_reader = [this](const std::string& member) {
    kafka::reader_settings r;
    r.group = settings_.prefix;
    r.member = member;
    r.session = settings_.session;
    return kafka::open_reader(settings_.kafka, r);
  };
  setup.open_writer = [this](bool careful, log_writer::on_delivery told) {
    const auto how = careful ? kafka::careful_writing : kafka::writer_settings{};
    return kafka::open_writer(settings_.kafka, how, std::move(told));
  };
  keeper_ = std::make_unique<keeper>(settings_, failing("upkeep.failed"));
  keeper_->beat.start();
  for (int i = 0; i < settings_.workers; ++i) {
    workers_.push_back(std::make_unique<worker>(setup, metrics_));
    workers_.back()->start();
  }
  watching_ = std::make_unique<watching>(*this, failing("group.unknown"));
  forwarding_ = std::make_unique<forwarding>(settings_, metrics_, failing("forward.failed"));
  forwarding_->from.start();
  sampler_ = std::make_unique<sampler>(settings_.postgres_url, settings_.kafka, metrics_,
                                       failing("sample.failed"));
  sampler_->start();
}

void service::rejoin(const std::vector<std::int32_t>& without_owner) {
  settings_.log({severity::warning, "group.rejoined",
                 std::to_string(without_owner.size()) +
                     " shards had no owner though the group was at rest; a worker joins it anew"});
  workers_.front()->rejoin();
}

void service::stop() {
  watching_.reset();
  if (forwarding_) forwarding_->from.stop();
  std::vector<std::thread> stopping;  // together: each leaves the group for itself
  for (auto& w : workers_) stopping.emplace_back([&w] { w->stop(); });
  for (auto& t : stopping) t.join();
  workers_.clear();
  forwarding_.reset();
  sampler_.reset();
  exporter_.reset();  // after the last spans
  keeper_.reset();
}

bool service::healthy() const {
  if (workers_.empty()) return false;
  for (const auto& w : workers_)
    if (!w->healthy()) return false;
  return true;
}

std::vector<const worker_gauges*> service::gauges() const {
  std::vector<const worker_gauges*> all;
  for (const auto& w : workers_) all.push_back(&w->gauges());
  return all;
}

std::string service::exposition() {
  add_up_gauges();
  return metrics_.text();
}

void service::add_up_gauges() {
  const auto show = [&](gauge& as, gauge worker_gauges::*part) {
    double sum = 0;
    for (const auto& w : workers_) sum += (w->gauges().*part).value();
    as.set(sum);
  };
  show(metrics_.sagas_active, &worker_gauges::sagas_active);
  show(metrics_.sagas_cached, &worker_gauges::sagas_cached);
  show(metrics_.sagas_cached_bytes, &worker_gauges::sagas_cached_bytes);
  show(metrics_.outbox_pending, &worker_gauges::outbox_pending);
  show(metrics_.timers_pending, &worker_gauges::timers_pending);
  show(metrics_.partitions_halted, &worker_gauges::shards_halted);
  show(metrics_.partitions_paused, &worker_gauges::starts_paused);
  double oldest = 0;
  for (const auto& w : workers_)
    oldest = std::max(oldest, w->gauges().outbox_oldest_seconds.value());
  metrics_.outbox_oldest_seconds.set(oldest);
}
}  // namespace skald
