// The one table of routes: what exists, who may call it, which function answers.
#pragma once
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/message.hpp"

namespace skald::http {
using handler = std::function<response(const request&)>;

struct route {
  std::string method;   // "GET"
  // "/v1/sagas/{id}": "{name}" stands for one segment, unless another route has it literally
  std::string pattern;
  role least = role::admin;
  handler answer;
  bool quick = false;  // never waits for anything: answered though all workers are busy
};

class router {
 public:
  // Asserts that method and pattern are new.
  void add(route);
  const std::vector<route>& routes() const { return routes_; }

  // The answer to a request whose principal is known: 404, 405 with Allow, 401 or 403 before the
  // handler is asked; what the handler throws becomes a 500 without its text, or a 503 for
  // `unavailable`, or a refusal's own answer. HEAD is answered as GET. Never throws.
  response answer(request&) const;
  bool is_quick(const request&) const;

 private:
  std::vector<route> routes_;
};

// Thrown by handlers when PostgreSQL or Kafka cannot be reached now: 503 with Retry-After.
struct unavailable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Thrown by handlers for a request that cannot be done: `answer` says why.
struct refusal : std::exception {
  explicit refusal(response r) : answer(std::move(r)) {}
  const char* what() const noexcept override { return "the request was refused"; }
  response answer;
};
}  // namespace skald::http
