#include "orchestrator/api/record_sender.hpp"

#include "orchestrator/http/router.hpp"

namespace skald::api {
namespace {
using steady = std::chrono::steady_clock;
constexpr milliseconds look_every{100}, poll_for{2};
}  // namespace

record_sender::record_sender(open_writer open) : open_(std::move(open)) {}
record_sender::~record_sender() {
  stop();
}

void record_sender::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void record_sender::stop() {
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

acknowledgement record_sender::send(requests::record r) {
  const auto now = steady::now();
  const std::lock_guard lock(guard_);
  if (stopping_) throw http::unavailable("The service stops.");
  if (under_way_ > 0 && now - oldest_ > silent_for)
    throw http::unavailable("Kafka does not acknowledge records now; try again.");
  if (under_way_ >= max_waiting)
    throw http::unavailable("Too many records wait for Kafka; try again.");
  if (under_way_++ == 0) oldest_ = now;
  fresh_.push_back({std::move(r), {}, now});
  auto answer = fresh_.back().told.get_future().share();
  wake_.notify_one();
  return answer;
}

void record_sender::run() {
  for (;;) {
    {
      std::unique_lock lock(guard_);
      wake_.wait_for(lock, look_every,
                     [this] { return stopping_ || !fresh_.empty() || !sent_.empty(); });
      if (stopping_) break;
    }
    try {
      if (!writer_) begin();
      push();
      if (!sent_.empty()) writer_->flush(poll_for);
      writer_->poll();
      if (!broken_.empty()) throw log_error(broken_);
    } catch (const log_error& e) {
      writer_.reset();
      fail_all(std::string("Kafka has not taken the record: ") + e.what());
    }
  }
  if (writer_) writer_->flush(milliseconds(1'000));
  if (writer_) writer_->poll();
  writer_.reset();
  fail_all("The service stops; the record may not have been taken.");
}

void record_sender::begin() {
  broken_.clear();
  writer_ = open_([this](const log_writer::delivery& d) { told(d); });
}

void record_sender::push() {
  for (;;) {
    order next;
    {
      const std::lock_guard lock(guard_);
      if (fresh_.empty()) return;
      next = std::move(fresh_.front());
      fresh_.pop_front();
    }
    std::vector<wire::header> headers;
    for (const auto& [name, value] : next.record.headers) headers.push_back({name, value});
    const auto sent =
        writer_->send(next.record.topic, next.record.key, headers, next.record.value, next_tag_);
    if (sent == log_writer::sent::full) {
      const std::lock_guard lock(guard_);
      fresh_.push_front(std::move(next));
      return;
    }
    const auto tag = next_tag_++;
    sent_.emplace(tag, std::move(next));
    if (sent == log_writer::sent::impossible)
      told({tag, "Kafka can never take this record: it is too large, or its topic is invalid.",
            true});
  }
}

void record_sender::told(const log_writer::delivery& d) {
  if (!d.error.empty() && !d.permanent) broken_ = d.error;
  const auto found = sent_.find(d.tag);
  if (found == sent_.end()) return;
  auto done = std::move(found->second);
  sent_.erase(found);
  {
    const std::lock_guard lock(guard_);
    --under_way_;
    oldest_ = !sent_.empty()    ? sent_.begin()->second.since
              : !fresh_.empty() ? fresh_.front().since
                                : steady::now();
  }
  done.told.set_value(std::string(d.error));
}

void record_sender::fail_all(const std::string& why) {
  std::deque<order> lost;
  {
    const std::lock_guard lock(guard_);
    lost.swap(fresh_);
    for (auto& [tag, o] : sent_) lost.push_back(std::move(o));
    sent_.clear();
    under_way_ = 0;
  }
  for (auto& o : lost) o.told.set_value(why);
}
}  // namespace skald::api
