#include "orchestrator/cli/face.hpp"

#include <spdlog/spdlog.h>

#include <cstdlib>

namespace skald::cli {
namespace {
// Set by `skald dev` for the service it starts: loopback only, thrown away at the end.
constexpr const char* dev_variable = "SKALD_DEV_WITHOUT_KEYS";

bool takes_starts(const service& of) {
  for (const auto* g : of.gauges())
    if (g->starts_paused.value() > 0) return false;
  return true;
}

api::served told_by(service& of) {
  return {.metrics_text = [&of](std::size_t streams) {
            of.counts().sse_clients.set(static_cast<double>(streams));
            return of.exposition();
          },
          .healthy = [&of] { return of.healthy(); },
          .takes_starts = [&of] { return takes_starts(of); }};
}

api::face_settings to_face_settings(const context& x, const settings& s) {
  const auto& listen = x.settings.text("http.listen");
  const auto at = api::parse_endpoint(listen);
  if (!at)
    throw failure(usage, "http.listen = '" + listen + "' must be an IP address and a port, such "
                                                      "as 127.0.0.1:8080 or [::]:8443");
  api::face_settings f;
  f.server.address = at->address;
  f.server.port = at->port;
  f.server.certificate_file = x.settings.text("http.certificate");
  f.server.key_file = x.settings.text("http.key");
  if (f.server.certificate_file.empty() != f.server.key_file.empty())
    throw failure(usage, "http.certificate and http.key go together: give both, or neither");
  f.service = s;
  f.without_keys = at->loopback && std::getenv(dev_variable) != nullptr;
  f.report = [](const std::string& sentence) { spdlog::warn("{}", sentence); };
  return f;
}
}  // namespace

std::unique_ptr<api::face> start_face(const context& x, const settings& s, service& of) {
  if (x.settings.text("http.listen").empty()) return nullptr;
  auto wanted = to_face_settings(x, s);
  const bool tls = !wanted.server.certificate_file.empty();
  const auto& at = x.settings.text("http.listen");
  const bool in_clear_outside = !tls && !api::parse_endpoint(at)->loopback;
  const bool dev = wanted.without_keys;
  wanted.server.answered = [&of](std::string_view route, unsigned status, double seconds) {
    const auto name = route.empty() ? std::string_view("none") : route;
    of.counts().http_requests.at({name, std::to_string(status)}).add();
    of.counts().http_duration.at({name}).observe(static_cast<std::int64_t>(seconds * 1'000));
  };
  try {
    auto face = std::make_unique<api::face>(std::move(wanted), told_by(of));
    face->start();
    spdlog::info("the API is at {}://{}", tls ? "https" : "http", at);
    if (in_clear_outside)
      spdlog::warn("keys cross the network in the clear: set http.certificate and http.key, or "
                   "let a proxy in front do it");
    return face;
  } catch (const std::runtime_error& e) {
    if (!dev) throw failure(failed, e.what());
    spdlog::warn("no API: {}", e.what());
    return nullptr;
  }
}
}  // namespace skald::cli
