// skald serve: the service until SIGTERM or SIGINT.
#include <spdlog/spdlog.h>

#include "orchestrator/cli/command.hpp"
#include "orchestrator/cli/face.hpp"
#include "orchestrator/cli/kafka.hpp"
#include "orchestrator/cli/logging.hpp"
#include "orchestrator/cli/notify.hpp"
#include "orchestrator/cli/relay.hpp"
#include "orchestrator/cli/settings_of.hpp"
#include "orchestrator/cli/stop_signals.hpp"
#include "orchestrator/failpoint.hpp"
#include "orchestrator/service.hpp"

namespace skald::cli {
namespace {
constexpr std::int64_t most_shards = 256, most_workers = 64;

int bounded(const context& x, std::string_view setting, std::int64_t most) {
  const auto n = x.settings.count(setting);
  if (n < 1 || n > most)
    throw failure(usage, std::string(setting) + " = " + std::to_string(n) + " must be 1 to " +
                             std::to_string(most));
  return static_cast<int>(n);
}

settings to_settings(const context& x) {
  auto s = settings_of(x);
  s.postgres_url = required(x, "postgres");
  s.kafka = kafka_of(x);
  s.node = x.settings.text("node");
  s.shards = bounded(x, "shards", most_shards);
  s.workers = bounded(x, "workers", most_workers);
  s.version = SKALD_VERSION;
  s.log = [](const log_entry& e) { log(e); };
  s.kafka.log = [](int level, std::string_view text) {  // syslog's numbers
    constexpr int error = 3, warning = 4;
    log(level <= error     ? severity::error
        : level == warning ? severity::warning
                           : severity::info,
        "kafka.client", std::string(text));
  };
  s.trace_url = x.settings.text("trace.url");
  s.trace_header = x.settings.text("trace.header");
  s.trace_every = x.settings.on("trace.every");
  return s;
}

int serve(context& x) {
  const auto signals = block_stop_signals();
  failpoint::arm_from_environment();
  auto s = to_settings(x);
  const auto workers = s.workers;
  service running(s);
  running.start();
  const auto face = start_face(x, s, running);
  std::unique_ptr<relay> relaying;
  if (const auto& application = x.settings.text("relay.postgres"); !application.empty())
    relaying = start_relay(application, kafka_of(x));
  log(severity::info, "service.started",
      "skald " SKALD_VERSION " serves topics " + x.settings.text("prefix") + ".* with " +
          std::to_string(workers) + " workers");
  tell_systemd("READY=1");
  wait_for_stop(signals);
  tell_systemd("STOPPING=1");
  log(severity::info, "service.stopping", "stopping: the batch under way is finished first");
  if (face) face->stop();
  if (relaying) stop_relay(*relaying);
  running.stop();
  for (const auto& [name, passes] : failpoint::counts())
    spdlog::info("failpoint {} was passed {} times", name, passes);
  log(severity::info, "service.stopped", "stopped");
  return done;
}
}  // namespace

void add_serve(const commands& c) {
  c.add("serve", "Run sagas until SIGTERM", [](context& x) {
    try {
      return serve(x);
    } catch (const cannot_serve& e) {
      throw failure(failed, e.what());
    } catch (const store_error& e) {
      throw failure(unreachable, e.what());
    }
  });
}
}  // namespace skald::cli
