#include "orchestrator/audit/starts.hpp"

#include "orchestrator/sql.hpp"
#include "sagas/guard.hpp"

namespace skald::audit {
start_audit::start_audit(const std::string& postgres, const snapshot& from, mismatches& found)
    : from_(from), found_(found), db_(postgres), topic_(from.prefix() + ".starts") {}

stretches start_audit::begin(const stretches& now, const std::vector<shard_mark>& marks) {
  stretches read;
  partitions_ = static_cast<std::int32_t>(now.size());
  for (const auto& m : marks) {
    const auto ends = now.find({topic_, m.id});
    if (ends != now.end())
      read[ends->first] = {ends->second.from, std::min(ends->second.to, m.next_offset)};
  }
  return read;
}

void start_audit::take(const wire::record& r) {
  const auto parsed = wire::parse(r.headers);
  const auto& e = parsed.envelope;
  if (!parsed.problem.empty() || e.kind != wire::kind::start || !r.has_value) return;
  if (murmur2_partition(r.key, partitions_) != r.partition) return;  // sent on to where it belongs
  ++read_;
  if (starts_nothing(r, e.saga_type)) return;
  asked_.push_back(
      {saga_id(saga_namespace(e.saga_type), r.key), std::string(r.key), r.partition, r.offset});
  if (asked_.size() == starts_a_question) ask();
}

// A guard of the trigger that is false in one version may have been what this start met.
bool start_audit::starts_nothing(const wire::record& r, std::string_view definition) {
  for (const auto& [no, d] : from_.definitions()) {
    const auto& only = d->spec().starts.only;
    if (d->spec().name != definition || only.empty()) continue;
    if (!payload_.read(r.value).empty()) continue;
    if (!holds(only, [this](const place& p) { return payload_.cut(p.field).value_or(""); }))
      return true;
  }
  return false;
}

void start_audit::ask() {
  std::vector<std::string> ids;
  for (const auto& s : asked_) ids.push_back(to_string(s.saga));
  const auto unknown = db_.exec(sql::audit::unknown_ids, {pg::array(ids)});
  for (std::size_t i = 0; i < unknown.rows(); ++i) {
    const auto& s = asked_[static_cast<std::size_t>(unknown.number(i, 0) - 1)];
    if (quarantined(s)) continue;
    found_.add({kind::start_lost, 0, to_string(s.saga), is_business_key(s.key) ? s.key : "",
                "the start at offset " + std::to_string(s.offset) + " of partition " +
                    std::to_string(s.partition) +
                    " was read, and neither a saga nor the quarantine has it"});
  }
  asked_.clear();
}

bool start_audit::quarantined(const start& s) {
  return db_.exec(sql::audit::quarantined, {topic_, s.partition, s.offset}).number(0, 0) > 0;
}
}  // namespace skald::audit
