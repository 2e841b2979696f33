// GET /v1/participants, /v1/nodes.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/read_model_installation.hpp"

namespace skald::api {
namespace {
using http::role;

template <class List>
response listed(const char* name, const List& all) {
  ordered_json body = {{name, ordered_json::array()}};
  for (const auto& one : all) body[name].push_back(to_json(one));
  return json(200, body);
}
}  // namespace

void add_installation(http::router& to, backend& b) {
  to.add({"GET", "/v1/participants", role::viewer, [&b](const request& q) {
            const query none(q, {});
            return listed("participants", b.databases.ask([](databases::session& s) {
              return s.sagas.participants();
            }));
          }});
  to.add({"GET", "/v1/nodes", role::viewer, [&b](const request& q) {
            const query none(q, {});
            return listed("nodes", b.databases.ask([](databases::session& s) {
              return read_model::nodes(s.on);
            }));
          }});
}
}  // namespace skald::api
