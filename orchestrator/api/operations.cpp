// /livez, /readyz, /startupz, /metrics, /version, /v1/openapi.json: for machines that look after
// this one. They answer from memory, so they answer whatever is away.
#include <atomic>

#include "openapi.hpp"
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"

namespace skald::api {
namespace {
using http::role;

response ready(backend& b, const request& q) {
  const query asked(q, {"verbose"});
  bool all = true;
  auto list = ordered_json::array();
  for (const auto& c : b.checks()) {
    all = all && c.ok;
    list.push_back({{"name", c.name}, {"ok", c.ok}});
  }
  auto out = json(all ? 200 : 503, {{"ready", all}, {"checks", list}});
  if (!all) out.headers.emplace_back("Retry-After", "1");
  return out;
}

response text(std::string body, std::string type) {
  response out;
  out.body = std::move(body);
  out.content_type = std::move(type);
  return out;
}
}  // namespace

void add_operations(http::router& to, backend& b) {
  const auto get = [&](std::string pattern, role least, http::handler answer) {
    to.add({"GET", std::move(pattern), least, std::move(answer), true});
  };
  get("/livez", role::anyone, [](const request&) { return json(200, {{"live", true}}); });
  get("/readyz", role::anyone, [&b](const request& q) { return ready(b, q); });
  get("/startupz", role::anyone,
      [&b, once = std::make_shared<std::atomic<bool>>()](const request& q) {
        auto out = ready(b, q);
        if (out.status == 200) *once = true;
        return *once ? json(200, {{"started", true}}) : out;
      });
  get("/metrics", role::viewer, [&b](const request&) {
    return text(b.metrics_text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  get("/version", role::viewer, [&b](const request&) {
    return json(200, {{"version", b.service.version}});
  });
  get("/v1/openapi.json", role::anyone,
      [](const request&) { return text(std::string(openapi_json), "application/json"); });
}
}  // namespace skald::api
