#include "orchestrator/quarantine.hpp"

namespace skald {
quarantine_write quarantined(std::int16_t shard, const wire::record& r, std::string_view reason) {
  quarantine_write q;
  q.shard = shard;
  q.topic = r.topic;
  q.partition = r.partition;
  q.offset = r.offset;
  if (r.has_key) q.key = std::string(r.key);
  if (r.has_value) q.payload = std::string(r.value);
  wire::append_frame(q.headers, r.topic, r.key, r.headers, {});
  q.reason = reason;
  return q;
}

quarantine_write quarantined(std::int16_t shard, const wire::frame& f, std::string_view reason) {
  quarantine_write q;
  q.shard = shard;
  q.topic = f.topic;
  q.partition = -1;
  q.offset = -1;
  q.key = std::string(f.key);
  q.payload = std::string(f.value);
  wire::append_frame(q.headers, f.topic, f.key, f.headers, {});
  q.reason = reason;
  return q;
}
}  // namespace skald
