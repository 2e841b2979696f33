// How to reach Kafka, and the three faces of outbox/log.hpp on it.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "outbox/log.hpp"

namespace skald::kafka {
// syslog's numbers: 3 error, 4 warning, 6 information. Called from librdkafka's threads.
using log_sink = std::function<void(int severity, std::string_view text)>;

struct connection {
  std::string bootstrap;  // "host:port,host:port"
  std::string client_id = "skald";
  std::map<std::string, std::string> extra;  // librdkafka's ssl.*, sasl.* and so on
  milliseconds answer_within{10'000};        // of a question to the broker; then log_error
  log_sink log;                              // none: librdkafka's words are dropped
};

struct writer_settings {
  std::string compression = "lz4";  // none, gzip, snappy, lz4, zstd
  milliseconds linger{0};           // 2-5 ms pay only for bulk
  int max_queued = 100'000;         // records; then send() says full
  int max_queued_kib = 64 * 1024;
  int max_record_bytes = 1'000'000;  // as the topics' max.message.bytes
  int max_batch_records = 10'000;    // 1: what a broker refuses is that record's fault
  bool gapless = true;               // false: what is refused leaves a gap, the rest goes on
  milliseconds unknown_topic_after{30'000};  // then a record of such a topic is permanent
};

// Slow, and one bad record breaks it no more.
inline const writer_settings careful_writing{.max_batch_records = 1, .gapless = false};

struct reader_settings {
  std::string group = "skald";
  // A member of this name that died and comes back gets its partitions at once (static membership);
  // no two at a time may have it. Empty: a stranger at each start.
  std::string member;
  int prefetched_records = 20'000;  // several batches, or fetching pauses for 1 s
  int prefetched_kib = 64 * 1024;
  // A broker that has nothing answers after this; until then a partition newly assigned or sought
  // waits. Shorter costs an idle broker more requests.
  milliseconds idle_fetch{100};
  milliseconds session{6'000};         // a dead member's partitions move after this
  milliseconds max_poll_gap{120'000};  // a member that does not poll() is put out
};

// Each throws log_error for settings that cannot work. None waits for a broker: an unreachable one
// is back-pressure to a writer and silence to a reader; admin's questions are what tells.
std::unique_ptr<log_writer> open_writer(const connection&, const writer_settings&,
                                        log_writer::on_delivery);
std::unique_ptr<log_reader> open_reader(const connection&, const reader_settings&);
std::unique_ptr<log_admin> open_admin(const connection&);
}  // namespace skald::kafka
