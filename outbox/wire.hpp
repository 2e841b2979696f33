// The wire contract v1 (docs/contract.md): what a record's headers say, read and written.
//
// Views point into the record or frame they were read from; nothing here owns, allocates or throws.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace skald::wire {
using std::string_view;

inline constexpr std::size_t max_headers = 256;            // of one record
inline constexpr std::size_t max_header_bytes = 4 * 1024;  // of one value that skald reads

struct header {
  string_view name, value;
};

// A record as the log gave it. `has_value` false: a tombstone.
struct record {
  string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;  // by the log; 0: it has none. Nothing is decided by it
  string_view key, value;
  bool has_key = false, has_value = false;
  std::span<const header> headers;
};

enum class kind : std::uint8_t { none, do_, undo, settle, reply, event, start, action };
enum class outcome : std::uint8_t { none, ok, declined, undone, retry, refused };

struct envelope {
  wire::kind kind = kind::none;           // none: a foreign event
  wire::outcome outcome = outcome::none;  // replies
  string_view type, id, source, subject, time, partition_key;
  string_view correlation_id, causation_id;
  string_view saga_type, saga_step, occurrence, reply_to, token;
  string_view traceparent, tracestate;
  std::int32_t saga_version = 0, attempt = 0;
  std::int64_t retry_after_ms = 0;
};

// `problem` is empty when the envelope is good, else a constant sentence: why it cannot be read.
// A record without ce_specversion and ce_sagakind is not CloudEvents: no problem, `type` is empty.
// Every text of a good envelope is valid UTF-8 without control characters.
struct parsed {
  wire::envelope envelope;
  string_view problem;
};

parsed parse(std::span<const header> headers);

string_view name(kind);
string_view name(outcome);
}  // namespace skald::wire
