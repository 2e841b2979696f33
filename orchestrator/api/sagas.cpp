// GET /v1/sagas, /v1/sagas/{id}, its history, its replay.
#include <algorithm>

#include "orchestrator/api/asked.hpp"
#include "orchestrator/api/backend.hpp"
#include "orchestrator/api/found_saga.hpp"
#include "orchestrator/api/patience.hpp"
#include "orchestrator/replay/replay.hpp"

namespace skald::api {
namespace {
using http::role;
constexpr std::int64_t most_replayed = 10'000;  // journal rows

response list_sagas(backend& b, const request& q) {
  const query asked(q, {"definition", "state", "facet", "key", "cursor", "limit"});
  read_model::saga_filter f;
  f.definition = asked.text("definition");
  f.phase = asked.word("state", {"parked", "running", "aborting", "completed", "aborted"});
  f.facet = asked.word("facet", {"stuck", "retrying", "waiting", "paused"});
  f.below_no = asked.number("cursor");
  f.limit = asked.count("limit", usual_page, read_model::max_page);
  const auto key = asked.text("key");
  const auto page = b.databases.ask([&](databases::session& s) {
    if (!key) return s.sagas.sagas(f);
    read_model::page named{s.sagas.named(*key), {}};
    std::erase_if(named.sagas, [&](const auto& saga) {
      return (f.definition && saga.definition != *f.definition) ||
             (f.phase && saga.phase != *f.phase) ||
             (f.facet &&
              std::find(saga.facets.begin(), saga.facets.end(), *f.facet) == saga.facets.end());
    });
    return named;
  });
  ordered_json body = {{"sagas", ordered_json::array()}, {"next", nullptr}};
  for (const auto& s : page.sagas) body["sagas"].push_back(to_json(s));
  if (page.next_below) body["next"] = std::to_string(*page.next_below);
  return json(200, body);
}

response to_response(const read_model::detail& d) {
  auto out = json(200, to_json(d));
  out.headers.emplace_back("ETag", etag(d.head.seq));
  return out;
}

// The sequence that the caller has seen already. None: it has seen nothing.
std::optional<std::int64_t> seen_before(const request& q) {
  auto value = q.header("if-none-match");
  if (value.size() < 3 || value.front() != '"' || value.back() != '"') return std::nullopt;
  value = value.substr(1, value.size() - 2);
  std::int64_t n = 0;
  for (const char c : value) {
    if (c < '0' || c > '9' || n > 1'000'000'000) return std::nullopt;
    n = n * 10 + (c - '0');
  }
  return n;
}

bool finished(const read_model::saga& s) {
  return s.phase == "completed" || s.phase == "aborted";
}

response show_saga(backend& b, const request& q) {
  const query asked(q, {"definition", "wait", "until"});
  const auto id = found_saga(b, q, asked.text("definition")).id;
  const auto seen = seen_before(q);
  const bool until_changed =
      asked.word("until", {"finished", "changed"}).value_or("finished") == "changed";
  const bool waits = asked.time("wait", longest_wait).count() > 0;
  return patiently(asked.time("wait", longest_wait), [=, &b](bool last) -> std::optional<response> {
    const auto d = b.databases.ask([&](databases::session& s) { return s.sagas.show(id); });
    if (!d) return not_found("There is no saga " + id + ".");
    const bool same = seen && d->head.seq == *seen;
    const bool there = until_changed ? !same : finished(d->head);
    if (waits && !there && !last) return std::nullopt;
    if (!same) return to_response(*d);
    response unchanged;
    unchanged.status = 304;
    unchanged.content_type.clear();
    unchanged.headers.emplace_back("ETag", etag(d->head.seq));
    return unchanged;
  });
}

response history(backend& b, const request& q) {
  const query asked(q, {"definition", "after", "limit"});
  const auto saga = found_saga(b, q, asked.text("definition"));
  const auto after = asked.number("after").value_or(0);
  const auto limit = asked.count("limit", usual_page, read_model::max_page);
  const auto lines = b.databases.ask([&](databases::session& s) {
    return read_model::history(s.on, saga.no, std::min<std::int64_t>(after, INT32_MAX), limit);
  });
  ordered_json body = {{"events", ordered_json::array()}, {"next", nullptr}};
  for (const auto& l : lines)
    body["events"].push_back(to_json(l, q.principal.role >= role::operator_));
  if (static_cast<int>(lines.size()) == limit) body["next"] = std::to_string(lines.back().seq);
  return json(200, body);
}

// The recorded history decided again, step by step: what `skald saga replay` shows.
response replayed(backend& b, const request& q) {
  const query asked(q, {"definition", "at"});
  const auto saga = found_saga(b, q, asked.text("definition"));
  if (saga.seq > most_replayed)
    refuse(http::problem(422, "too-long", "Unprocessable content",
                         "This history has more than " + std::to_string(most_replayed) +
                             " events; use skald saga replay."));
  const auto at = std::min<std::int64_t>(asked.number("at").value_or(0), saga.seq);
  const auto report = b.databases.ask([&](databases::session& s) {
    return replay_of(s.on, saga.no, static_cast<std::int32_t>(at), b.service.prefix);
  });
  if (!report) return not_found("The saga is not there any more.");
  return json(200, *report);
}
}  // namespace

void add_sagas(http::router& to, backend& b) {
  using handler = response (*)(backend&, const request&);
  const auto get = [&](std::string pattern, role least, handler answer) {
    to.add({"GET", std::move(pattern), least,
            [&b, answer](const request& q) { return answer(b, q); }});
  };
  get("/v1/sagas", role::viewer, list_sagas);
  get("/v1/sagas/{id}", role::viewer, show_saga);
  get("/v1/sagas/{id}/history", role::viewer, history);
  get("/v1/sagas/{id}/replay", role::operator_, replayed);
}
}  // namespace skald::api
