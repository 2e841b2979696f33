// /v1/definitions: read, check, register, activate, retire.
#include "orchestrator/definitions.hpp"

#include <algorithm>

#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/api/check_desk.hpp"
#include "orchestrator/api/patience.hpp"

namespace skald::api {
namespace {
using http::role;
constexpr milliseconds check_within{60'000};

ordered_json to_json(const definitions::stored& d) {
  return {
      {"name", d.name},
      {"version", d.version},
      {"state", d.state},
      {"verdict", d.verdict},
      {"risk_accepted", d.risk_accepted.empty() ? ordered_json() : ordered_json(d.risk_accepted)},
      {"hash", d.hash}};
}

response list_definitions(backend& b, const request& q) {
  const query none(q, {});
  ordered_json body = {{"definitions", ordered_json::array()}};
  for (const auto& d :
       b.databases.ask([](databases::session& s) { return definitions::list(s.on); }))
    body["definitions"].push_back(to_json(d));
  return json(200, body);
}

// The version named in the path, else the active one, else the newest.
response show_definition(backend& b, const request& q) {
  const query none(q, {});
  const auto& name = q.parameters.find("name")->second;
  const bool any = !q.parameters.contains("version");
  const auto version = any ? 0 : number_of(q, "version");
  return b.databases.ask([&](databases::session& s) {
    auto all = definitions::list(s.on);
    std::erase_if(all,
                  [&](const auto& d) { return d.name != name || (!any && d.version != version); });
    if (all.empty()) return not_found("There is no such definition: see /v1/definitions.");
    const auto rank = [](const auto& d) { return std::pair(d.state == "active", d.version); };
    const auto& best = *std::max_element(
        all.begin(), all.end(), [&](const auto& x, const auto& y) { return rank(x) < rank(y); });
    auto body = to_json(best);
    body["definition"] =
        ordered_json::parse(definitions::show(s.on, best.name, best.version).value_or("null"));
    auto out = json(200, body);
    out.headers.emplace_back("ETag", '"' + best.hash + '"');
    return out;
  });
}

stored_definition read_body(const request& q) {
  if (q.body.size() > max_definition_bytes)
    refuse(http::problem(
        413, "too-large", "Content too large",
        "A definition has at most " + std::to_string(max_definition_bytes) + " bytes."));
  auto read = read_definition(q.body);
  if (read.definition) return *read.definition;
  std::vector<http::mistake> mistakes;
  for (const auto& c : read.complaints) mistakes.push_back({c.at, c.sentence});
  refuse(http::problem(422, "definition", "Bad definition", mistakes[0].detail, mistakes));
}

response check_definition(check_desk& desk, const request& q) {
  const query none(q, {});
  const auto verdict = desk.begin(read_body(q));
  return patiently(check_within, [verdict](bool last) -> std::optional<response> {
    if (const auto done = verdict.take()) return json(200, done->report);
    if (!last) return std::nullopt;
    throw http::unavailable(
        "The check takes longer than a request may; use skald definition "
        "check.");
  });
}

response registered(backend& b, const request& q, const stored_definition& d,
                    const check_desk::result& checked, const std::string& accept_risk) {
  if (!checked.verdict.proven && accept_risk.empty())
    return http::problem(422, "not-proven", "Not proven",
                         "It is not stored: " + checked.verdict.words +
                             ". POST it to /v1/definitions/check to see how, or add "
                             "?accept_risk=REASON.",
                         {{"", checked.verdict.words}});
  const auto done = b.databases.ask([&](databases::session& s) {
    return definitions::add(s.on, d.json(), checked.verdict, accept_risk, q.principal.name);
  });
  if (!done.problem.empty()) return http::problem(409, "differs", "Conflict", done.problem);
  auto out = json(done.already ? 200 : 201, {{"name", done.name},
                                             {"version", done.version},
                                             {"verdict", checked.verdict.words},
                                             {"already", done.already}});
  out.headers.emplace_back("ETag", '"' + d.hash() + '"');
  out.headers.emplace_back(
      "Location", "/v1/definitions/" + done.name + "/versions/" + std::to_string(done.version));
  return out;
}

response put(backend& b, check_desk& desk, const request& q) {
  const query asked(q, {"accept_risk"});
  const auto risk = asked.text("accept_risk").value_or("");
  const auto version = number_of(q, "version");
  const auto d = read_body(q);
  if (d->name != q.parameters.find("name")->second || d->version != version)
    refuse(http::problem(422, "fields", "Unprocessable content",
                         "Name and version of the definition and of the path must be the same.",
                         {{"/name", "or /version differs from the path"}}));
  const auto checked = desk.begin(d);
  return patiently(check_within, [&b, q, d, risk, checked](bool last) -> std::optional<response> {
    if (const auto done = checked.take()) return registered(b, q, d, *done, risk);
    if (!last) return std::nullopt;
    throw http::unavailable(
        "The check takes longer than a request may; use skald definition "
        "register.");
  });
}

response to_response(const definitions::done& d, const char* state) {
  if (d.no == 0) return not_found(d.problem);
  if (!d.problem.empty()) return http::problem(409, "refused", "Conflict", d.problem);
  return json(200,
              {{"name", d.name}, {"version", d.version}, {"state", state}, {"already", d.already}});
}

response activate(backend& b, const request& q) {
  const query asked(q, {"from"});
  const bool earliest = asked.word("from", {"now", "earliest"}).value_or("now") == "earliest";
  const auto version = number_of(q, "version");
  if (version > INT32_MAX) return not_found("There is no such version.");
  try {
    const auto log = b.open_admin();
    return to_response(b.databases.ask([&](databases::session& s) {
      return definitions::activate(s.on, *log, b.service, q.parameters.find("name")->second,
                                   static_cast<std::int32_t>(version), earliest, q.principal.name);
    }),
                       "active");
  } catch (const log_error&) {
    throw http::unavailable("Kafka cannot be asked about the definition's topics now; try again.");
  }
}

response retire(backend& b, const request& q) {
  const query none(q, {});
  const auto version = number_of(q, "version");
  if (version > INT32_MAX) return not_found("There is no such version.");
  return to_response(b.databases.ask([&](databases::session& s) {
    return definitions::retire(s.on, q.parameters.find("name")->second,
                               static_cast<std::int32_t>(version), q.principal.name);
  }),
                     "retired");
}
}  // namespace

void add_definitions(http::router& to, backend& b) {
  const auto desk = std::make_shared<check_desk>();
  const std::string one = "/v1/definitions/{name}", version = one + "/versions/{version}";
  to.add({"GET", "/v1/definitions", role::viewer,
          [&b](const request& q) { return list_definitions(b, q); }});
  to.add({"GET", one, role::viewer, [&b](const request& q) { return show_definition(b, q); }});
  to.add({"GET", version, role::viewer, [&b](const request& q) { return show_definition(b, q); }});
  to.add({"PUT", version, role::admin, [&b, desk](const request& q) { return put(b, *desk, q); }});
  to.add({"POST", "/v1/definitions/check", role::operator_,
          [desk](const request& q) { return check_definition(*desk, q); }});
  to.add({"POST", version + "/activate", role::admin,
          [&b](const request& q) { return activate(b, q); }});
  to.add(
      {"POST", version + "/retire", role::admin, [&b](const request& q) { return retire(b, q); }});
}
}  // namespace skald::api
