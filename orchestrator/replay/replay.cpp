#include "orchestrator/replay/replay.hpp"

#include "orchestrator/replay/describe.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald {
namespace {
std::string_view recorded_outcome(std::uint8_t outcome) {
  return outcome == stale_outcome ? "stale" : name(static_cast<machine::verdict>(outcome));
}

nlohmann::ordered_json difference(const recorded& row, const folded& now) {
  nlohmann::ordered_json out;
  if (!now.same_outcome)
    out["outcome"] = {{"recorded", recorded_outcome(row.outcome)},
                      {"now", name(now.decided.verdict)}};
  if (!now.same_commands)
    out["actions"] = {{"recorded_hash", row.commands_hash}, {"now", "see actions"}};
  return out;
}
}  // namespace

replayed replay(const compiled& c, const history& h, const replay_options& options) {
  const definition& d = c.spec();
  folder fold(c, h.id, h.key);
  replayed out;
  auto& report = out.report;
  report = {
      {"saga", to_string(h.id)}, {"definition", d.name}, {"version", d.version}, {"key", h.key}};
  auto& steps = report["steps"] = nlohmann::ordered_json::array();
  auto before = describe(d, fold.saga().state);
  bool whole = true;
  for (const auto& row : h.rows) {
    const auto now = fold.feed(row.what);
    auto after = describe(d, fold.saga().state);
    nlohmann::ordered_json line = {{"seq", row.what.seq},
                                   {"at", time_text(row.what.event.at_ms)},
                                   {"event", name(row.what.event.kind)}};
    if (row.what.event.step < d.steps.size()) line["step"] = d.steps[row.what.event.step].name;
    line["outcome"] = row.what.outcome == stale_outcome ? "stale" : name(now.decided.verdict);
    line["why"] = now.decided.why;
    line["changes"] = differences(before, after);
    line["actions"] = nlohmann::ordered_json::array();
    for (const auto& a : fold.actions()) line["actions"].push_back(describe(d, a));
    if (options.compare && !now.same()) {
      line["differs"] = difference(row.what, now);
      if (out.differences++ == 0) report["first_difference"] = row.what.seq;
    }
    steps.push_back(std::move(line));
    before = std::move(after);
    if (row.what.seq == options.until_seq) {
      whole = &row == &h.rows.back();
      break;
    }
  }
  report["state"] = std::move(before);
  if (options.compare && whole) out.same_state = machine::encode(fold.saga().state) == h.state;
  report["differences"] = out.differences;
  if (options.compare) report["same_state"] = out.same_state;
  return out;
}
}  // namespace skald
