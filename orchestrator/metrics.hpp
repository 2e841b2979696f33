// What the service counts: every metric that it shows. docs/observe.md explains each to people.
//
// The hot path looks no series up by its labels: it keeps those that
// orchestrator/metrics/counts.hpp found for it.
#pragma once
#include <string>
#include <string_view>

#include "orchestrator/metrics/family.hpp"

namespace skald {
namespace shapes {
inline constexpr std::uint64_t short_ms[] = {1,   2,   5,     10,    25,    50,     100,
                                             250, 500, 1'000, 2'500, 5'000, 10'000, 30'000};
inline constexpr std::uint64_t long_ms[] = {
    5,         10,        25,         50,         100,        250,    500,
    1'000,     2'500,     5'000,      10'000,     30'000,     60'000, 300'000,
    1'800'000, 3'600'000, 21'600'000, 86'400'000, 604'800'000};
inline constexpr std::uint64_t powers_of_4[] = {1, 4, 16, 64, 256, 1'024, 4'096, 16'384};
inline constexpr buckets seconds{short_ms, 1'000}, days{long_ms, 1'000}, amount{powers_of_4, 1};
}  // namespace shapes

// One of each a process; lives as long as whatever counts. Any thread.
class metrics {
 private:
  registry all_;

 public:
  explicit metrics(std::string_view version = "dev") { build_info.at({version}).set(1); }

  // The exposition, of `content_type`. Reads memory only.
  std::string text() const { return all_.text(); }
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
  family<gauge> build_info{all_, {"skald_build_info", "Always 1.", {"version"}}};

  // sagas
  family<counter> sagas_started{all_,
                                {"skald_sagas_started_total", "Sagas that began.", {"definition"}}};
  family<counter> sagas_finished{
      all_, {"skald_sagas_finished_total", "Sagas that ended.", {"definition", "outcome"}}};
  family<histogram> saga_duration{all_,
                                  {"skald_saga_duration_seconds",
                                   "From a saga's first message to its end.",
                                   {"definition", "outcome"}},
                                  shapes::days};
  single<gauge> sagas_active{all_,
                             {"skald_sagas_active", "Open sagas of the partitions held here."}};
  single<gauge> sagas_cached{all_, {"skald_sagas_cached", "Sagas kept in memory."}};
  single<gauge> sagas_cached_bytes{
      all_, {"skald_sagas_cached_bytes", "What the sagas kept in memory take of it, nearly."}};
  single<counter> sagas_loaded{all_, {"skald_sagas_loaded_total", "Sagas read from the database."}};

  // steps
  family<counter> step_attempts{all_,
                                {"skald_step_attempts_total",
                                 "Commands sent, with every repeat.",
                                 {"definition", "step", "participant"}}};
  family<counter> step_timeouts{all_,
                                {"skald_step_timeouts_total",
                                 "Times that no answer came in time.",
                                 {"definition", "step", "participant"}}};
  family<histogram> step_duration{all_,
                                  {"skald_step_duration_seconds",
                                   "From a step's turn to the answer that counts.",
                                   {"definition", "step", "participant", "outcome"}},
                                  shapes::seconds};
  family<counter> compensations{
      all_,
      {"skald_compensations_total", "Undos and fences that were begun.", {"definition", "step"}}};
  family<counter> compensation_failures{all_,
                                        {"skald_compensation_failures_total",
                                         "Undos given up: an operator is needed.",
                                         {"definition", "step"}}};
  family<counter> commands_impossible{all_,
                                      {"skald_commands_impossible_total",
                                       "Commands that lacked a value and were not sent.",
                                       {"definition", "step"}}};

  // messages
  family<counter> messages_consumed{all_,
                                    {"skald_messages_consumed_total", "Records read.", {"topic"}}};
  family<counter> messages_duplicate{
      all_, {"skald_messages_duplicate_total", "Records that said what was known.", {"topic"}}};
  family<counter> messages_late{
      all_, {"skald_messages_late_total", "Records for what is over: recorded only.", {"topic"}}};
  family<counter> messages_conflict{
      all_,
      {"skald_messages_conflict_total", "Records that contradict an earlier answer.", {"topic"}}};
  family<counter> messages_unmatched{
      all_, {"skald_messages_unmatched_total", "Records that no saga wants.", {"topic"}}};
  family<counter> messages_misrouted{
      all_, {"skald_messages_misrouted_total", "Records passed on to their partition.", {"topic"}}};
  family<counter> messages_quarantined{
      all_,
      {"skald_messages_quarantined_total", "Records that cannot be applied.", {"topic", "reason"}}};
  family<gauge> consumer_lag_seconds{all_,
                                     {"skald_consumer_lag_seconds",
                                      "Age of the last record read, while more waits.",
                                      {"topic", "partition"}}};

  // batches
  single<histogram> batch_records{
      all_, {"skald_batch_records", "Records of one turn that had any."}, shapes::amount};
  single<histogram> batch_rows{
      all_, {"skald_batch_rows", "Rows written by one commit."}, shapes::amount};
  single<histogram> batch_commit{
      all_, {"skald_batch_commit_seconds", "Time of one commit."}, shapes::seconds};
  single<counter> fenced_batches{
      all_, {"skald_fenced_batches_total", "Commits refused: another owner wrote."}};
  single<counter> unknown_commits{
      all_, {"skald_unknown_commits_total", "Commits whose answer was lost."}};

  // outbox
  single<counter> outbox_frames{all_,
                                {"skald_outbox_frames_total", "Records committed to be sent."}};
  single<counter> outbox_swept{all_,
                               {"skald_outbox_swept_total", "Records sent again at a take-over."}};
  single<gauge> outbox_pending{
      all_, {"skald_outbox_pending", "Packed rows that Kafka has not acknowledged."}};
  single<gauge> outbox_oldest_seconds{
      all_, {"skald_outbox_oldest_seconds", "Age of the oldest of them."}};
  single<histogram> outbox_publish{
      all_,
      {"skald_outbox_publish_seconds", "From a commit to Kafka's acknowledgement of it."},
      shapes::seconds};

  // timers
  single<counter> timers_fired{all_, {"skald_timers_fired_total", "Timers that fired."}};
  single<gauge> timers_pending{
      all_, {"skald_timers_pending", "Sagas with a timer, of the partitions held here."}};
  single<histogram> timer_lateness{
      all_,
      {"skald_timer_lateness_seconds", "From when a timer was due to when it fired."},
      shapes::seconds};

  // ownership
  family<gauge> partition_owned{
      all_, {"skald_partition_owned", "1: this partition is held here.", {"partition"}}};
  single<gauge> partitions_halted{
      all_, {"skald_partitions_halted", "Partitions held and not served: the log says why."}};
  single<gauge> partitions_paused{
      all_, {"skald_partitions_paused", "Partitions whose starts wait: a bound is reached."}};
  single<counter> take_overs{all_, {"skald_take_overs_total", "Partitions taken over."}};
  single<counter> rebalances{
      all_, {"skald_rebalances_total", "Times that the group moved partitions here or away."}};

  // what lies in the database: sampled, and the same at every instance
  family<gauge> sagas_stuck{
      all_, {"skald_sagas_stuck", "Sagas that wait for an operator.", {"definition"}}};
  family<gauge> sagas_open{all_,
                           {"skald_sagas_open",
                            "Sagas open for more than 10 s, or paused or stuck.",
                            {"definition", "state"}}};
  family<gauge> oldest_open_seconds{
      all_, {"skald_saga_oldest_active_seconds", "Age of the oldest open saga.", {"definition"}}};
  single<gauge> quarantined{all_, {"skald_quarantine_records", "Records in quarantine."}};
  family<gauge> consumer_lag_records{
      all_, {"skald_consumer_lag_records", "Records not read yet.", {"topic", "partition"}}};
  single<gauge> sampled_at{all_,
                           {"skald_sampled_timestamp_seconds", "When these were last measured."}};

  // traces
  single<counter> spans_exported{
      all_, {"skald_trace_spans_exported_total", "Spans that a collector took."}};
  single<counter> spans_dropped{
      all_,
      {"skald_trace_spans_dropped_total", "Spans lost: the queue was full, or nobody took them."}};

  // HTTP
  family<counter> http_requests{
      all_, {"skald_http_requests_total", "Requests answered.", {"route", "code"}}};
  family<histogram> http_duration{
      all_,
      {"skald_http_request_duration_seconds", "From a request's head to its answer.", {"route"}},
      shapes::seconds};
  single<gauge> sse_clients{all_, {"skald_sse_clients", "Open event streams."}};
  family<counter> admission_rejected{
      all_, {"skald_admission_rejected_total", "Requests refused for load.", {"reason"}}};
};

// What one worker holds at the moment; the service adds the workers up.
struct worker_gauges {
  gauge sagas_active, sagas_cached, outbox_pending, outbox_oldest_seconds, timers_pending;
  gauge partitions_owned, starts_paused, sagas_cached_bytes;
  gauge shards_halted;  // ours, and not served: the log says why
};
}  // namespace skald
