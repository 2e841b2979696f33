#include "orchestrator/api/check_desk.hpp"

#include "orchestrator/http/router.hpp"
#include "sagas/explore/explore.hpp"

namespace skald::api {
namespace {
using explore::verdict;
using nlohmann::ordered_json;

const char* word(verdict v) {
  switch (v) {
    case verdict::proven:
      return "proven";
    case verdict::violation:
      return "violation";
    case verdict::bound_reached:
      return "bound_reached";
    case verdict::bad_definition:
      break;
  }
  return "bad_definition";
}

// One line, stored with the definition.
std::string in_words(const explore::report& r) {
  const auto size = std::to_string(r.states) + " states, depth " + std::to_string(r.depth);
  switch (r.verdict) {
    case verdict::proven:
      return "proven: " + size;
    case verdict::violation:
      return "violation of " + r.rule + ": " + r.sentence;
    case verdict::bound_reached:
      return "not proven within " + size;
    case verdict::bad_definition:
      break;
  }
  return "bad definition: " + r.sentence;
}

check_desk::result explored(const stored_definition& d) {
  explore::options bounds;
  bounds.max_states = check_desk::max_states;
  const auto r = explore::explore(*d, bounds);
  check_desk::result out{{r.verdict == verdict::proven, in_words(r)}, {}};
  out.report = {{"name", std::string(d->name)},
                {"version", d->version},
                {"verdict", word(r.verdict)},
                {"words", out.verdict.words},
                {"states", r.states},
                {"depth", r.depth},
                {"rule", r.rule},
                {"sentence", r.sentence},
                {"why", r.why},
                {"fix", r.fix}};
  auto& trace = out.report["trace"] = ordered_json::array();
  for (const auto& line : r.trace)
    trace.push_back({{"actor", line.actor}, {"what", line.what}, {"decision", line.decision}});
  out.report["lints"] = r.lints;
  return out;
}
}  // namespace

std::optional<check_desk::result> check_desk::pending::take() const {
  if (result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  return result_.get();
}

check_desk::pending check_desk::begin(stored_definition d) {
  const std::lock_guard lock(guard_);
  if (last_.valid() && last_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    throw http::unavailable("Another definition is being checked; try again.");
  last_ = std::async(std::launch::async, [d = std::move(d)] { return explored(d); }).share();
  pending out;
  out.result_ = last_;
  return out;
}
}  // namespace skald::api
