#include "orchestrator/http/router.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <stdexcept>

#include "orchestrator/http/problem.hpp"

namespace skald::http {
namespace {
std::string_view first_segment(std::string_view& rest) {
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return segment;
}

// Fills `parameters` and says whether the path has the pattern's form.
bool matches(std::string_view pattern, std::string_view path,
             std::map<std::string, std::string, std::less<>>& parameters) {
  parameters.clear();
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/'))
    return false;
  while (!pattern.empty() || !path.empty()) {
    const auto want = first_segment(pattern), have = first_segment(path);
    if (want.size() > 2 && want.front() == '{' && !have.empty())
      parameters.emplace(want.substr(1, want.size() - 2),
                         percent_decoded(have, false).value_or(""));
    else if (want != have)
      return false;
  }
  return true;
}

bool same_method(const route& r, std::string_view method) {
  return r.method == method || (method == "HEAD" && r.method == "GET");
}

response guarded(const route& r, const std::function<response()>& ask);

response asked(const route& r, const std::function<response()>& ask) {
  try {
    response out = ask();
    if (out.again) out.again = [&r, raw = std::move(out.again)] { return guarded(r, raw); };
    return out;
  } catch (const refusal& e) {
    return e.answer;
  } catch (const unavailable& e) {
    auto out = problem(503, "unavailable", "Service unavailable", e.what());
    out.headers.emplace_back("Retry-After", "1");
    return out;
  } catch (const std::exception& e) {
    spdlog::error("http: {} {}: {}", r.method, r.pattern, e.what());
    return problem(500, "internal", "Internal error",
                   "The request could not be answered; the server's log says why.");
  }
}

// What asks the handler, or asks it again.
response guarded(const route& r, const std::function<response()>& ask) {
  auto out = asked(r, ask);
  out.route = r.pattern;
  return out;
}

response denied(const route& r, const request& q) {
  if (q.principal.role == role::anyone) {
    auto out = problem(401, "no-key", "Authentication needed",
                       "Send an API key: `Authorization: Bearer <key>`.");
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
    return out;
  }
  const auto needed = r.least == role::admin ? "admin" : "operator";
  return problem(403, "role", "Not allowed",
                 "This needs a key of role " + std::string(needed) + "; yours is not.");
}
}  // namespace

void router::add(route r) {
  for (const route& other : routes_)
    if (other.method == r.method && other.pattern == r.pattern)
      throw std::logic_error("http: route " + r.method + " " + r.pattern + " exists twice");
  routes_.push_back(std::move(r));
}

bool router::is_quick(const request& q) const {
  std::map<std::string, std::string, std::less<>> unused;
  return std::any_of(routes_.begin(), routes_.end(), [&](const route& r) {
    return r.quick && same_method(r, q.method) && matches(r.pattern, q.path, unused);
  });
}

response router::answer(request& q) const {
  std::string allowed;
  const bool literal = q.path.find('{') == q.path.npos &&
                       std::any_of(routes_.begin(), routes_.end(),
                                   [&](const route& r) { return r.pattern == q.path; });
  for (const route& r : routes_) {
    if (literal ? r.pattern != q.path : !matches(r.pattern, q.path, q.parameters)) continue;
    if (same_method(r, q.method))
      return q.principal.role < r.least ? denied(r, q) : guarded(r, [&] { return r.answer(q); });
    allowed += (allowed.empty() ? "" : ", ") + r.method;
  }
  if (allowed.empty())
    return problem(404, "not-found", "Not found", "There is nothing at " + q.path + ".");
  auto out = problem(405, "method", "Method not allowed", "Use one of: " + allowed + ".");
  out.headers.emplace_back("Allow", allowed);
  return out;
}
}  // namespace skald::http
