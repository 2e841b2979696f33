// The consumer, as two of librdkafka's: one is the group's member (member.cpp) and fetches nothing,
// the other fetches and knows no group. So what is read is wholly ours to assign, whatever the
// group does.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <optional>
#include <utility>

#include "outbox/kafka/handle.hpp"
#include "outbox/kafka/member.hpp"

namespace skald::kafka {
namespace {
constexpr int call_patience_ms = 10'000;  // for librdkafka's own thread, not for a broker
constexpr std::size_t max_chunk = 512;    // messages taken in one call

// librdkafka 2.0.2 waits a thousandth of the time it is given, so on a busy machine its answer
// comes too late; to seek once more does no harm.
void seek_within_patience(rd_kafka_t* fetcher, rd_kafka_topic_partition_list_t* list) {
  constexpr int longer = 4;  // each time
  using clock = std::chrono::steady_clock;
  const auto until = clock::now() + milliseconds(call_patience_ms);
  for (auto time = call_patience_ms;; time *= longer) {
    owned<rd_kafka_error_t> error(rd_kafka_seek_partitions(fetcher, list, time));
    if (!error) return;
    const bool late = rd_kafka_error_code(error.get()) == RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (!late || clock::now() >= until) check("Partitions cannot be sought", error.release());
  }
}

// A descriptor that librdkafka makes readable when a queue is no longer empty.
class signal_fd {
 public:
  signal_fd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw log_error("No file descriptor is left for a Kafka reader: raise ulimit -n.");
  }
  ~signal_fd() { ::close(fd_); }
  signal_fd(const signal_fd&) = delete;
  signal_fd& operator=(const signal_fd&) = delete;

  int fd() const { return fd_; }
  void raise() {
    const std::uint64_t one = 1;
    [[maybe_unused]] auto n = ::write(fd_, &one, sizeof one);
  }
  void clear() {
    std::uint64_t count;
    [[maybe_unused]] auto n = ::read(fd_, &count, sizeof count);
  }
  void raise_for(rd_kafka_queue_t* queue) {
    const std::uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, fd_, &one, sizeof one);
  }

 private:
  int fd_;
};

class reader final : public log_reader {
 public:
  reader(const connection& to, const reader_settings& s) : to_(to), settings_(s) {
    const std::array<std::pair<const char*, std::string>, 7> ours{{
        {"group.id", s.group},  // asked for by librdkafka; this handle never joins
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "error"},
        {"fetch.wait.max.ms", std::to_string(s.idle_fetch.count())},
        {"queued.min.messages", std::to_string(s.prefetched_records)},
        {"queued.max.messages.kbytes", std::to_string(s.prefetched_kib)},
    }};
    fetcher_ = make_handle(RD_KAFKA_CONSUMER, make_configuration(to, ours, owner_));
    check("Kafka reader", rd_kafka_poll_set_consumer(fetcher_.get()));
    queue_.reset(rd_kafka_queue_get_consumer(fetcher_.get()));
    signal_.raise_for(queue_.get());
  }

  ~reader() override {
    member_.reset();
    free_messages();
    rd_kafka_queue_io_event_enable(queue_.get(), -1, nullptr, 0);
    queue_.reset();
    rd_kafka_consumer_close(fetcher_.get());
  }

  void join(const std::string& topic, ownership told) override {
    if (member_) throw log_error("A reader joins one topic's group only once.");
    member_ = std::make_unique<member>(to_, settings_, topic, std::move(told), signal_.fd());
  }
  void leave() override { member_.reset(); }
  void assign(std::span<const position>) override;
  void forget(std::span<const skald::partition>) override;
  void seek(std::span<const position>) override;
  void pause(std::span<const skald::partition>) override;
  void resume(std::span<const skald::partition>) override;
  void poll(std::vector<wire::record>&, std::size_t max_records, std::size_t max_bytes) override;
  int wake_fd() const override { return signal_.fd(); }
  void wait(milliseconds at_most) override;
  void commit_for_lag_tools(std::span<const position>) override;
  std::vector<position> committed(std::span<const skald::partition>) override;

 private:
  bool take_chunk(std::vector<wire::record>&, std::size_t max_records, std::size_t& bytes_left);
  void add_record(std::vector<wire::record>&, const rd_kafka_message_t&);
  void note_error(const rd_kafka_message_t&);
  void free_messages();

  connection to_;
  reader_settings settings_;
  signal_fd signal_;
  handle_owner owner_;  // outlives the handles
  owned<rd_kafka_t> fetcher_;
  owned<rd_kafka_queue_t> queue_;

  std::unique_ptr<member> member_;

  std::vector<owned<rd_kafka_message_t>> messages_;  // behind the records of the last poll
  std::vector<wire::header> headers_;                // of all of them
  std::vector<std::size_t> header_ends_;
  std::optional<log_error> trouble_;  // thrown when no record comes before it
  std::deque<records_lost> lost_;     // the same; at most one a partition
};

// What is fetched. Each call bumps librdkafka's version of the partitions, which drops what of
// them is still queued.

void reader::assign(std::span<const position> more) {
  if (more.empty()) return;
  check("Partitions cannot be assigned",
        rd_kafka_incremental_assign(fetcher_.get(), make_list(more).get()));
}

void reader::forget(std::span<const skald::partition> partitions) {
  if (partitions.empty()) return;
  check("Partitions cannot be given up",
        rd_kafka_incremental_unassign(fetcher_.get(), make_list(partitions).get()));
}

void reader::seek(std::span<const position> positions) {
  if (positions.empty()) return;
  auto list = make_list(positions);
  seek_within_patience(fetcher_.get(), list.get());
  for (int i = 0; i < list->cnt; ++i)
    check("Partition " + std::to_string(list->elems[i].partition) + " of topic " +
              list->elems[i].topic + " cannot be sought",
          list->elems[i].err);
}

void reader::pause(std::span<const skald::partition> partitions) {
  if (partitions.empty()) return;
  check("Partitions cannot be paused",
        rd_kafka_pause_partitions(fetcher_.get(), make_list(partitions).get()));
}

void reader::resume(std::span<const skald::partition> partitions) {
  if (partitions.empty()) return;
  check("Partitions cannot be resumed",
        rd_kafka_resume_partitions(fetcher_.get(), make_list(partitions).get()));
}

void reader::poll(std::vector<wire::record>& out, std::size_t max_records, std::size_t max_bytes) {
  free_messages();
  signal_.clear();
  if (member_ && !member_->serve()) signal_.raise();
  const auto begin = out.size();
  auto bytes_left = max_bytes;
  while (out.size() - begin < max_records && bytes_left > 0)
    if (!take_chunk(out, max_records - (out.size() - begin), bytes_left)) break;
  // The headers have their final place only now.
  std::size_t header = 0;
  for (std::size_t i = begin; i < out.size(); ++i) {
    auto end = header_ends_[i - begin];
    out[i].headers = std::span(headers_).subspan(header, end - header);
    header = end;
  }
  if (out.size() != begin) {
    signal_.raise();  // there may be more, and the queue tells only when it was empty
  } else if (!lost_.empty()) {
    auto thrown = std::move(lost_.front());
    lost_.pop_front();
    signal_.raise();
    throw thrown;
  } else if (trouble_) {
    auto thrown = *trouble_;
    trouble_.reset();
    throw thrown;
  }
}

// False: the queue is empty.
bool reader::take_chunk(std::vector<wire::record>& out, std::size_t max_records,
                        std::size_t& bytes_left) {
  // Small when few bytes may still be taken; the first chunk of a poll tells the usual size.
  auto taken = messages_.size();
  auto wanted = std::min(max_records, taken == 0 ? max_chunk / 8 : max_chunk);
  std::array<rd_kafka_message_t*, max_chunk> chunk;
  auto n = rd_kafka_consume_batch_queue(queue_.get(), 0, chunk.data(), wanted);
  if (n <= 0) return false;
  for (ssize_t i = 0; i < n; ++i) {
    owned<rd_kafka_message_t> message(chunk[static_cast<std::size_t>(i)]);
    if (message->err) {
      note_error(*message);
      continue;
    }
    add_record(out, *message);
    bytes_left -= std::min(bytes_left, message->len + message->key_len);
    messages_.push_back(std::move(message));
  }
  return static_cast<std::size_t>(n) == wanted;
}

void reader::add_record(std::vector<wire::record>& out, const rd_kafka_message_t& m) {
  wire::record r;
  r.topic = rd_kafka_topic_name(m.rkt);
  r.partition = m.partition;
  r.offset = m.offset;
  r.timestamp_ms = std::max<std::int64_t>(rd_kafka_message_timestamp(&m, nullptr), 0);
  r.has_key = m.key != nullptr;
  r.has_value = m.payload != nullptr;
  if (r.has_key) r.key = {static_cast<const char*>(m.key), m.key_len};
  if (r.has_value) r.value = {static_cast<const char*>(m.payload), m.len};
  rd_kafka_headers_t* all = nullptr;
  if (!rd_kafka_message_headers(&m, &all)) {
    const char* name;
    const void* value;
    std::size_t size;
    for (std::size_t i = 0; !rd_kafka_header_get_all(all, i, &name, &value, &size); ++i)
      headers_.push_back({name, {static_cast<const char*>(value), value ? size : 0}});
  }
  header_ends_.push_back(headers_.size());
  out.push_back(r);
}

void reader::note_error(const rd_kafka_message_t& m) {
  auto where =
      m.rkt ? "partition " + std::to_string(m.partition) + " of topic " + rd_kafka_topic_name(m.rkt)
            : "Kafka";
  std::string why = rd_kafka_message_errstr(&m);
  switch (m.err) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      lost_.emplace_back(partition{rd_kafka_topic_name(m.rkt), m.partition},
                         "Records are lost: " + where +
                             " no longer has the offset that is to be read next (" + why + ").");
      break;
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      trouble_ = log_error("It is not possible to read from " + where + ": " + why + ".");
      break;
    default:
      if (to_.log) to_.log(4, where + ": " + why);
  }
}

void reader::free_messages() {
  messages_.clear();
  headers_.clear();
  header_ends_.clear();
}

void reader::wait(milliseconds at_most) {
  pollfd p{signal_.fd(), POLLIN, 0};
  ::poll(&p, 1, static_cast<int>(at_most.count()));
}

void reader::commit_for_lag_tools(std::span<const position> positions) {
  if (positions.empty()) return;
  if (member_) return member_->commit(positions);
  rd_kafka_commit(fetcher_.get(), make_list(positions).get(), 1);
}

std::vector<position> reader::committed(std::span<const skald::partition> partitions) {
  auto list = make_list(partitions);
  const auto patience_ms = static_cast<int>(to_.answer_within.count());
  check("The offsets of group " + settings_.group + " cannot be read",
        rd_kafka_committed(fetcher_.get(), list.get(), patience_ms));
  std::vector<position> known;
  for (int i = 0; i < list->cnt; ++i) {
    const auto& p = list->elems[i];
    check("The offset of group " + settings_.group + " cannot be read", p.err);
    if (p.offset >= 0) known.push_back({{p.topic, p.partition}, p.offset});
  }
  return known;
}
}  // namespace

std::unique_ptr<log_reader> open_reader(const connection& to, const reader_settings& settings) {
  return std::make_unique<reader>(to, settings);
}
}  // namespace skald::kafka
