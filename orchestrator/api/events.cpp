// GET /v1/events: what happens to sagas, as server-sent events.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"

namespace skald::api {
namespace {
using http::role;
using hub = http::stream_hub;

response follow(backend& b, const request& q) {
  const query asked(q, {"saga", "definition", "after"});
  http::stream_filter filter{asked.text("saga").value_or(""),
                             asked.text("definition").value_or("")};
  auto last = q.header("last-event-id");
  const auto after = asked.text("after");  // for clients that cannot set the header
  if (last.empty() && after) last = *after;
  const auto behind = http::parse_cursor(last);
  if (!last.empty() && !behind)
    refuse(http::problem(400, "last-event-id", "Bad header",
                         "Last-Event-ID must be the id of an event of this stream."));
  auto [client, refused] = b.events.subscribe(std::move(filter), behind);
  if (refused == hub::refused::not_open)
    throw http::unavailable("The stream of events is not open yet; try again.");
  if (refused == hub::refused::gone)
    refuse(http::problem(410, "gone", "Gone",
                         "The events behind this id are no longer kept here. Read what you missed "
                         "from /v1/sagas, then connect without Last-Event-ID."));
  response out;
  out.stream = std::move(client);
  return out;
}
}  // namespace

void add_events(http::router& to, backend& b) {
  to.add(
      {"GET", "/v1/events", role::viewer, [&b](const request& q) { return follow(b, q); }, true});
}
}  // namespace skald::api
