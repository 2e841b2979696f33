#include "orchestrator/bench/memory_log.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "outbox/frame.hpp"
#include "outbox/ids.hpp"

namespace skald::bench {
namespace {
struct kept_record {
  std::string packed;  // a frame
  bool has_key, has_value;
};
using shared_record = std::shared_ptr<const kept_record>;

class wake_signal {
 public:
  wake_signal() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw log_error("No file descriptor is left: raise ulimit -n.");
  }
  ~wake_signal() { ::close(fd_); }
  wake_signal(const wake_signal&) = delete;
  wake_signal& operator=(const wake_signal&) = delete;
  int fd() const { return fd_; }
  void raise() const { ::eventfd_write(fd_, 1); }
  void clear() const {
    eventfd_t count;
    ::eventfd_read(fd_, &count);
  }

 private:
  int fd_;
};

// One partition. Its readers are woken by who appends to it.
struct queue {
  std::mutex guard;
  std::deque<shared_record> records;
  std::int64_t first = 0;  // offset of records.front()
  std::set<const wake_signal*> readers;

  std::int64_t end() const { return first + static_cast<std::int64_t>(records.size()); }
};
}  // namespace

struct memory_log::state {
  std::mutex guard;
  std::map<std::string, std::vector<std::unique_ptr<queue>>, std::less<>> topics;

  std::vector<std::unique_ptr<queue>>* find(std::string_view topic) {
    const std::lock_guard lock(guard);
    const auto found = topics.find(topic);
    return found == topics.end() ? nullptr : &found->second;
  }
  queue& at(const partition& p) {
    auto* queues = find(p.topic);
    if (!queues || p.no < 0 || p.no >= static_cast<std::int32_t>(queues->size()))
      throw log_error("There is no partition " + std::to_string(p.no) + " of topic " + p.topic +
                      ".");
    return *(*queues)[static_cast<std::size_t>(p.no)];
  }
};

namespace {
class writer final : public log_writer {
 public:
  writer(memory_log::state& s, on_delivery told) : state_(s), told_(std::move(told)) {}

  sent send(std::string_view topic, std::string_view key, std::span<const wire::header> headers,
            std::string_view value, std::uint64_t tag, std::int32_t no) override {
    auto* queues = state_.find(topic);
    const auto count = queues ? static_cast<std::int32_t>(queues->size()) : 0;
    if (no < 0 && count) no = murmur2_partition(key, count);
    if (no >= count) return sent::impossible;
    auto made = std::make_shared<kept_record>();
    made->has_key = key.data();
    made->has_value = value.data();
    wire::append_frame(made->packed, topic, key, headers, value);
    append(*(*queues)[static_cast<std::size_t>(no)], std::move(made));
    acked_.push_back(tag);
    return sent::queued;
  }

  std::size_t poll() override {
    const auto tags = std::exchange(acked_, {});
    for (const auto tag : tags)
      if (told_) told_({.tag = tag, .error = {}, .permanent = false});
    return tags.size();
  }
  bool flush(milliseconds) override {
    while (poll()) {
    }
    return true;
  }
  std::size_t queued() const override { return acked_.size(); }

 private:
  static void append(queue& q, shared_record r) {
    const std::lock_guard lock(q.guard);
    q.records.push_back(std::move(r));
    if (q.records.size() > retained_records) {
      q.records.pop_front();
      ++q.first;
    }
    for (const auto* reader : q.readers) reader->raise();
  }

  memory_log::state& state_;
  const on_delivery told_;
  std::vector<std::uint64_t> acked_;
};

class reader final : public log_reader {
 public:
  explicit reader(memory_log::state& s) : state_(s) {}
  ~reader() override {
    for (auto& [p, a] : assigned_) detach(*a.from);
  }

  void join(const std::string& topic, ownership told) override {
    joined_ = topic;
    told_ = std::move(told);
    signal_.raise();
  }
  void leave() override {
    if (held_.empty()) return;
    told_.lost(held_);
    held_.clear();
  }
  void assign(std::span<const position> more) override {
    for (const auto& p : more) {
      auto& q = state_.at(p.partition);
      assigned_[p.partition] = {.from = &q, .next = p.offset};
      const std::lock_guard lock(q.guard);
      q.readers.insert(&signal_);
    }
    signal_.raise();
  }
  void forget(std::span<const partition> less) override {
    for (const auto& p : less) {
      const auto found = assigned_.find(p);
      if (found == assigned_.end()) continue;
      detach(*found->second.from);
      assigned_.erase(found);
    }
  }
  void seek(std::span<const position> to) override {
    for (const auto& p : to)
      if (const auto a = assigned_.find(p.partition); a != assigned_.end())
        a->second.next = p.offset;
    signal_.raise();
  }
  void pause(std::span<const partition> some) override { set_paused(some, true); }
  void resume(std::span<const partition> some) override { set_paused(some, false); }

  void poll(std::vector<wire::record>& out, std::size_t max_records,
            std::size_t max_bytes) override {
    signal_.clear();
    if (!joined_.empty()) gain();
    kept_.clear();
    frames_.clear();
    const auto begin = out.size();
    std::size_t bytes = 0;
    // A share for each partition, so that none waits for another.
    const auto share = max_records / std::max<std::size_t>(1, assigned_.size()) + 1;
    for (auto& [p, a] : assigned_)
      if (!a.paused)
        take(p, a, out, std::min(share, max_records - (out.size() - begin)), bytes, max_bytes);
    if (out.size() != begin) signal_.raise();  // there may be more
  }
  int wake_fd() const override { return signal_.fd(); }
  void wait(milliseconds at_most) override {
    pollfd p{signal_.fd(), POLLIN, 0};
    ::poll(&p, 1, static_cast<int>(at_most.count()));
  }
  void commit_for_lag_tools(std::span<const position>) override {}

 private:
  struct assignment {
    queue* from = nullptr;
    std::int64_t next = 0;
    bool paused = false;
  };

  void gain() {
    const auto* queues = state_.find(joined_);
    if (!queues) return;
    for (std::size_t i = 0; i < queues->size(); ++i)
      held_.push_back({joined_, static_cast<std::int32_t>(i)});
    joined_.clear();
    told_.gained(held_);
  }
  void detach(queue& q) {
    const std::lock_guard lock(q.guard);
    q.readers.erase(&signal_);
  }
  void set_paused(std::span<const partition> some, bool paused) {
    for (const auto& p : some)
      if (const auto a = assigned_.find(p); a != assigned_.end()) a->second.paused = paused;
    signal_.raise();
  }
  void take(const partition& p, assignment& a, std::vector<wire::record>& out, std::size_t most,
            std::size_t& bytes, std::size_t max_bytes) {
    const std::lock_guard lock(a.from->guard);
    if (a.next < a.from->first)
      throw log_error("Records of topic " + p.topic + " were dropped before they were read.");
    for (; most > 0 && bytes < max_bytes && a.next < a.from->end(); --most, ++a.next) {
      kept_.push_back(a.from->records[static_cast<std::size_t>(a.next - a.from->first)]);
      const auto& kept = *kept_.back();
      bytes += kept.packed.size();
      auto& frame = frames_.emplace_back();
      std::string_view rest = kept.packed;
      wire::read_frame(rest, frame);
      out.push_back({.topic = frame.topic,
                     .partition = p.no,
                     .offset = a.next,
                     .key = frame.key,
                     .value = frame.value,
                     .has_key = kept.has_key,
                     .has_value = kept.has_value,
                     .headers = frame.headers});
    }
  }

  memory_log::state& state_;
  wake_signal signal_;
  std::map<partition, assignment> assigned_;
  std::string joined_;
  ownership told_;
  std::vector<partition> held_;
  std::vector<shared_record> kept_;  // behind the records of the last poll
  std::deque<wire::frame> frames_;
};

class admin final : public log_admin {
 public:
  explicit admin(memory_log::state& s) : state_(s) {}
  std::string cluster_id() override { return "memory"; }
  std::int32_t partitions(const std::string& topic) override {
    const auto* queues = state_.find(topic);
    return queues ? static_cast<std::int32_t>(queues->size()) : 0;
  }
  void ensure_topic(const std::string& topic, std::int32_t partitions, std::int64_t) override {
    const std::lock_guard lock(state_.guard);
    auto& queues = state_.topics[topic];
    if (!queues.empty()) return;
    for (std::int32_t i = 0; i < partitions; ++i) queues.push_back(std::make_unique<queue>());
  }
  skald::watermarks watermarks(const partition& p) override {
    auto& q = state_.at(p);
    const std::lock_guard lock(q.guard);
    return {q.first, q.end()};
  }

 private:
  memory_log::state& state_;
};
}  // namespace

memory_log::memory_log() : state_(std::make_unique<state>()) {}
memory_log::~memory_log() = default;

void memory_log::make_topic(const std::string& topic, std::int32_t partitions) {
  admin(*state_).ensure_topic(topic, partitions, 0);
}
std::unique_ptr<log_writer> memory_log::open_writer(log_writer::on_delivery told) {
  return std::make_unique<writer>(*state_, std::move(told));
}
std::unique_ptr<log_reader> memory_log::open_reader() {
  return std::make_unique<reader>(*state_);
}
std::unique_ptr<log_admin> memory_log::open_admin() {
  return std::make_unique<admin>(*state_);
}
}  // namespace skald::bench
