// /v1/quarantine: what could not be applied; sent again, or dropped.
#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/api/sent.hpp"
#include "orchestrator/read_model_installation.hpp"
#include "orchestrator/redrive.hpp"

namespace skald::api {
namespace {
using http::role;

bool sees_payload(const request& q) {
  return q.principal.role >= role::operator_;
}

response list_quarantined(backend& b, const request& q) {
  const query asked(q, {"topic", "redriven", "cursor", "limit"});
  read_model::quarantine_filter f;
  f.topic = asked.text("topic");
  f.redriven_too = asked.flag("redriven");
  f.below_no = asked.number("cursor");
  f.limit = asked.count("limit", usual_page, read_model::max_page);
  const auto records =
      b.databases.ask([&](databases::session& s) { return read_model::quarantine(s.on, f); });
  ordered_json body = {{"records", ordered_json::array()}, {"next", nullptr}};
  for (const auto& r : records) body["records"].push_back(to_json(r, false));
  if (static_cast<int>(records.size()) == f.limit) body["next"] = std::to_string(records.back().no);
  return json(200, body);
}

read_model::quarantined found(backend& b, const request& q) {
  const auto no = number_of(q, "no");
  auto record = b.databases.ask(
      [&](databases::session& s) { return read_model::quarantined_record(s.on, no); });
  if (!record) refuse(not_found("There is no record " + std::to_string(no) + " in quarantine."));
  return *record;
}

std::string reason(const request& q) {
  fields body(q, {"reason"});
  auto text = body.text("reason", most_reason_bytes);
  body.judge();
  return text;
}

response redriven(backend& b, const request& q) {
  const query none(q, {});
  const auto why = reason(q);
  const auto record = found(b, q);
  auto again = redrive_of(record);
  if (!again.problem.empty())
    return http::problem(409, "not-redrivable", "Conflict", again.problem);
  const auto sent = b.send(std::move(again.record));
  return when_acknowledged(sent, [&b, why, no = record.no, who = q.principal.name] {
    b.databases.ask([&](databases::session& s) { return mark_redriven(s.on, no, who, why); });
    return json(200, {{"no", no}, {"done", "redriven"}});
  });
}

response dropped(backend& b, const request& q) {
  const query none(q, {});
  const auto why = reason(q);
  const auto no = found(b, q).no;
  b.databases.ask(
      [&](databases::session& s) { return drop_quarantined(s.on, no, q.principal.name, why); });
  return json(200, {{"no", no}, {"done", "dropped"}});
}
}  // namespace

void add_quarantine(http::router& to, backend& b) {
  const std::string one = "/v1/quarantine/{no}";
  to.add({"GET", "/v1/quarantine", role::viewer,
          [&b](const request& q) { return list_quarantined(b, q); }});
  to.add({"GET", one, role::viewer, [&b](const request& q) {
            const query none(q, {});
            return json(200, to_json(found(b, q), sees_payload(q)));
          }});
  to.add({"POST", one + "/redrive", role::operator_,
          [&b](const request& q) { return redriven(b, q); }});
  to.add({"POST", one + "/drop", role::admin, [&b](const request& q) { return dropped(b, q); }});
}
}  // namespace skald::api
