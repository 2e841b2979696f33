// What the handlers of the API work with. Owned by the face; any thread.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/api/active_definitions.hpp"
#include "orchestrator/api/books_desk.hpp"
#include "orchestrator/api/databases.hpp"
#include "orchestrator/api/record_sender.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/http/streams.hpp"
#include "orchestrator/service.hpp"

namespace skald::api {
// One thing that must be well for this node to be ready.
struct check {
  std::string name;  // "workers", "keys", "events"
  bool ok = false;
};

struct backend {
  const skald::settings& service;  // what the one beside it runs by
  api::databases& databases;
  active_definitions& active;
  http::stream_hub& events;
  books_desk& books;
  std::chrono::milliseconds books_within;  // a participant has to answer a word for its books
  send_record send;
  std::function<std::unique_ptr<log_admin>()> open_admin;
  std::function<std::string()> metrics_text;
  std::function<std::vector<check>()> checks;
  std::function<bool()> takes_starts;  // false: too many sagas are open

  requests::sender sender() const { return {service.prefix, "/skald/api"}; }
};

// One function a file of this folder; together they are the API.
void add_operations(http::router&, backend&);    // livez, readyz, startupz, metrics, version
void add_sagas(http::router&, backend&);         // list, show, history, replay
void add_start(http::router&, backend&);         // POST /v1/sagas
void add_actions(http::router&, backend&);       // POST /v1/sagas/{id}/actions/...
void add_definitions(http::router&, backend&);   // read, check, register, activate, retire
void add_quarantine(http::router&, backend&);    // list, show, redrive, drop
void add_installation(http::router&, backend&);  // participants, nodes
void add_events(http::router&, backend&);        // GET /v1/events

inline void add_routes(http::router& to, backend& b) {
  for (auto* const add : {add_operations, add_sagas, add_start, add_actions, add_definitions,
                          add_quarantine, add_installation, add_events})
    add(to, b);
}
}  // namespace skald::api
