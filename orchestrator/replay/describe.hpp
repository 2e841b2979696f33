// A saga's state as JSON for people: statuses by step name, what is open, what it waits for.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sagas/machine.hpp"

namespace skald {
using ordered_json = nlohmann::ordered_json;

// {"phase", "paused"?, "steps": {"reserve": {"status", "attempts"?, "due_ms"?, ...}}, ...}.
// Leaves out what has its initial value, so that a diff shows only what an event changed.
ordered_json describe(const definition&, const machine::saga&);

// One thing that a saga waits for. `until_ms` 0: without end.
struct waiting {
  std::string step;  // empty: the saga as a whole
  std::string what;  // "payments, attempt 2", "the event payment.CustomerPaid.v1", "resume"
  std::int64_t until_ms = 0;
};
std::vector<waiting> waits_for(const definition&, const machine::saga&);
ordered_json to_json(const waiting&);  // {"step", "for", "until"}, the first and last may be null

// The participants whose answers are waited for, each with the number of its attempt.
std::vector<std::pair<std::string_view, int>> asked(const definition&, const machine::saga&);

// What the operator is asked to decide; empty: nothing.
std::vector<std::string> operator_items(const definition&, const machine::saga&);

// The facets of a saga: stuck, retrying, waiting, paused, in this order.
std::vector<std::string> facets(const definition&, const machine::saga&);

// {"do": "charge", "attempt": 1} and the like.
ordered_json describe(const definition&, const machine::action&);

// One line per difference: "steps.charge.status: pending -> done".
std::vector<std::string> differences(const ordered_json& before, const ordered_json& after);

std::string time_text(std::int64_t at_ms);  // "2026-01-31T12:00:00.123Z"
}  // namespace skald
