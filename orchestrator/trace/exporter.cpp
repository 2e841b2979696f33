#include "orchestrator/trace/exporter.hpp"

#include <algorithm>
#include <stdexcept>

namespace skald::trace {
exporter::exporter(resource r, poster p, metrics& m, std::function<void(const std::string&)> report)
    : resource_(std::move(r)),
      post_(std::move(p)),
      metrics_(m),
      loop_(
          export_every, [this] { post_queued(); }, std::move(report)) {}

exporter::~exporter() {
  stop();
}

void exporter::stop() {
  if (stopping_.exchange(true)) return;
  loop_.stop();
  const auto end = std::chrono::steady_clock::now() + last_words_within;
  for (auto parcel = take(); !parcel.empty(); parcel = take()) {
    const bool gone = std::chrono::steady_clock::now() > end ||
                      post_(otlp_json(resource_, parcel)).status / 100 != 2;
    (gone ? metrics_.spans_dropped : metrics_.spans_exported).add(parcel.size());
    if (gone) return;
  }
}

void exporter::add(std::vector<span>&& more) {
  std::size_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    for (auto& s : more) queue_.push_back(std::move(s));
    for (; queue_.size() > max_queued_spans; ++dropped) queue_.pop_front();
  }
  if (dropped > 0) metrics_.spans_dropped.add(dropped);
}

std::vector<span> exporter::take() {
  const std::lock_guard lock(mutex_);
  const auto n = static_cast<std::ptrdiff_t>(std::min(queue_.size(), max_parcel));
  std::vector<span> parcel(std::make_move_iterator(queue_.begin()),
                           std::make_move_iterator(queue_.begin() + n));
  queue_.erase(queue_.begin(), queue_.begin() + n);
  return parcel;
}

// A parcel that is not taken is lost: a trace is not worth a growing queue.
void exporter::post_queued() {
  while (!stopping_) {
    const auto parcel = take();
    if (parcel.empty()) return;
    const auto answer = post_(otlp_json(resource_, parcel));
    if (answer.status / 100 == 2) {
      metrics_.spans_exported.add(parcel.size());
      continue;
    }
    metrics_.spans_dropped.add(parcel.size());
    throw std::runtime_error(std::to_string(parcel.size()) + " spans are lost, the collector " +
                             (answer.status == 0 ? "cannot be reached: " + answer.problem
                                                 : "answers " + std::to_string(answer.status)) +
                             "; look at trace.url");
  }
}
}  // namespace skald::trace
