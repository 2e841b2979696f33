// The producer of the simulated log, and its questions. What is sent lies in the log at once; the
// word that it does comes with a later poll. When its process dies the word never comes.
#include "orchestrator/simulate/member.hpp"

namespace skald::sim {
namespace {
constexpr std::size_t max_record_bytes = 1024 * 1024;

class writer final : public log_writer {
 public:
  writer(cluster& c, on_delivery told) : cluster_(c), told_(std::move(told)) {}

  sent send(std::string_view topic, std::string_view key, std::span<const wire::header> headers,
            std::string_view value, std::uint64_t tag, std::int32_t no) override {
    if (cluster_.happens(fault::producer_full)) return sent::full;
    if (value.size() > max_record_bytes) return sent::impossible;
    if (broken_) {  // it looks like any other, and never arrives
      unsaid_.push_back(tag);
      return sent::queued;
    }
    if (!cluster_.append(topic, key, headers, value, no)) return sent::impossible;
    unsaid_.push_back(tag);
    if (cluster_.happens(fault::producer_breaks)) broken_ = true;
    return sent::queued;
  }

  std::size_t poll() override {
    if (broken_ && !unsaid_.empty()) {
      const auto tag = unsaid_.back();
      unsaid_.clear();
      if (told_) told_({.tag = tag, .error = "a simulated break", .permanent = false});
      return 1;
    }
    std::size_t served = 0;
    while (!unsaid_.empty()) {
      if (cluster_.happens(fault::acks_late)) break;
      const auto tag = unsaid_.front();
      unsaid_.pop_front();
      ++served;
      if (told_) told_({.tag = tag, .error = {}, .permanent = false});
    }
    return served;
  }
  bool flush(milliseconds) override {
    while (!unsaid_.empty()) poll();
    return true;
  }
  std::size_t queued() const override { return unsaid_.size(); }

 private:
  cluster& cluster_;
  const on_delivery told_;
  std::deque<std::uint64_t> unsaid_;
  bool broken_ = false;
};

class admin final : public log_admin {
 public:
  explicit admin(cluster& c) : cluster_(c) {}
  std::string cluster_id() override { return "simulated"; }
  std::int32_t partitions(const std::string& topic) override {
    const auto* t = cluster_.find(topic);
    return t ? static_cast<std::int32_t>(t->partitions.size()) : 0;
  }
  void ensure_topic(const std::string& topic, std::int32_t partitions, std::int64_t) override {
    cluster_.make_topic(topic, partitions);
  }
  skald::watermarks watermarks(const partition& p) override {
    const auto* t = cluster_.find(p.topic);
    const auto no = static_cast<std::size_t>(p.no);
    if (!t || no >= t->partitions.size()) throw log_error("There is no such partition.");
    return {0, t->partitions[no].end()};
  }

 private:
  cluster& cluster_;
};
}  // namespace

std::unique_ptr<log_writer> cluster::open_writer(log_writer::on_delivery told) {
  return std::make_unique<writer>(*this, std::move(told));
}
std::unique_ptr<log_reader> cluster::open_reader(std::size_t process) {
  return std::make_unique<member>(*this, process);
}
std::unique_ptr<log_admin> cluster::open_admin() {
  return std::make_unique<admin>(*this);
}
}  // namespace skald::sim
