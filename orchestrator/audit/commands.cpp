#include "orchestrator/audit/commands.hpp"

#include "orchestrator/definitions.hpp"
#include "outbox/frame.hpp"

namespace skald::audit {
namespace {
std::uint64_t fingerprint_of(std::span<const wire::header> headers) {
  const auto e = wire::parse(headers).envelope;
  const bool of_saga = e.kind == wire::kind::event;
  return fingerprint(e.id, of_saga ? 0 : e.attempt);
}

// The saga that a ce_id begins with.
std::string saga_of(std::string_view id) {
  return std::string(id.substr(0, id.find('/')));
}
}  // namespace

void command_counts::add(const command_counts& of_a_slice) {
  implied += of_a_slice.implied;
  read += of_a_slice.read;
  waiting += of_a_slice.waiting;
  not_provable += of_a_slice.not_provable;
  shortened.insert(of_a_slice.shortened.begin(), of_a_slice.shortened.end());
}

command_audit::command_audit(snapshot& from, const slice& part, const stretches& until,
                             mismatches& found)
    : from_(from), part_(part), until_(until), found_(found) {}

std::vector<std::string> command_audit::topics(const snapshot& from) {
  std::set<std::string> all{from.prefix() + ".saga-events"};
  for (const auto& [no, d] : from.definitions())
    for (const auto& p : definitions::participants(d->spec())) all.insert(p + ".commands");
  return {all.begin(), all.end()};
}

void command_audit::begin(const stretches& now) {
  ledger_.close();
  counts_.implied = static_cast<std::int64_t>(ledger_.size());
  now_ = now;
  for (const auto& [p, s] : now_)
    if (s.from > 0) counts_.shortened.insert(p.topic);
}

void command_audit::take(const wire::record& r) {
  const auto e = wire::parse(r.headers).envelope;
  if (!e.source.starts_with("/skald/" + from_.prefix() + "/")) return;  // another installation's
  if (!is_ours(e.id)) return;
  ++counts_.read;
  if (ledger_.see(fingerprint_of(r.headers))) return;
  const auto known = until_.find({std::string(r.topic), r.partition});
  if (known == until_.end() || r.offset >= known->second.to) return;  // younger than the snapshot
  if (e.kind == wire::kind::settle) return;  // an operator's, not the engine's
  found_.add({kind::command_unknown, 0, saga_of(e.id), "",
              "topic " + std::string(r.topic) + ", partition " + std::to_string(r.partition) +
                  ", offset " + std::to_string(r.offset) + " has " + std::string(e.id) +
                  ", attempt " + std::to_string(e.attempt) + ": no history decided it"});
}

bool command_audit::is_ours(std::string_view id) const {
  const auto saga = parse_uuid(saga_of(id));
  return part_.has(saga.value_or(uuid{}));
}

// What is not acknowledged yet is not missing, and what Kafka refused is in quarantine.
void command_audit::end() {
  wire::frame frame;
  from_.each_packed(
      [&](std::int16_t shard, std::int64_t seq, std::int32_t n, std::string_view body) {
        std::int32_t frames = 0;
        while (!body.empty() && wire::read_frame(body, frame)) {
          ++frames;
          counts_.waiting += ledger_.see(fingerprint_of(frame.headers));
        }
        if (part_.no == 0 && (frames != n || !body.empty()))
          found_.add({kind::outbox_damaged, 0, "", "",
                      "row " + std::to_string(seq) + " of shard " + std::to_string(shard) +
                          " of outbox_batch cannot be read"});
      });
  from_.each_refused([&](std::string_view packed) {
    if (wire::read_frame(packed, frame)) ledger_.see(fingerprint_of(frame.headers));
  });
}

bool command_audit::removed_before(const implied_record& r) const {
  std::int32_t partitions = 0;
  for (auto it = now_.lower_bound({std::string(r.topic), 0});
       it != now_.end() && it->first.topic == r.topic; ++it)
    ++partitions;
  if (partitions == 0) return false;
  const auto at = now_.find({std::string(r.topic), murmur2_partition(r.key, partitions)});
  return at != now_.end() && at->second.from > 0;
}

void command_audit::name_missing(const saga_head& h, const implied_record& r) {
  const auto print = fingerprint(r.id, r.attempt);
  if (!ledger_.is_missing(print)) return;
  ledger_.see(print);  // named once
  if (removed_before(r)) {
    ++counts_.not_provable;
    return;
  }
  found_.add({kind::command_missing, h.no, to_string(h.id), h.key,
              "its history decided " + std::string(r.id) +
                  (r.attempt ? ", attempt " + std::to_string(r.attempt) : std::string()) +
                  ", and topic " + std::string(r.topic) + " does not have it"});
}
}  // namespace skald::audit
