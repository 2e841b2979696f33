// Takes spans to a collector: a bounded queue that drops the oldest, one thread that posts them in
// parcels. Whoever adds never waits for the network.
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "orchestrator/loop.hpp"
#include "orchestrator/metrics.hpp"
#include "orchestrator/trace/otlp.hpp"
#include "orchestrator/trace/post.hpp"

namespace skald::trace {
inline constexpr std::size_t max_queued_spans = 16'384;
inline constexpr std::size_t max_parcel = 512;  // spans of one request
inline constexpr std::chrono::milliseconds export_every{500};
inline constexpr std::chrono::milliseconds answer_within{2'000}, last_words_within{2'000};

class exporter {
 public:
  // `report` is told when a parcel is lost: the collector is away, or refuses it.
  exporter(resource, poster, metrics&, std::function<void(const std::string&)> report);
  ~exporter();  // stops

  void start() { loop_.start(); }
  // Waits for the request under way, then posts what is queued, for `last_words_within` and one
  // answer at most; a second one is nothing.
  void stop();

  void add(std::vector<span>&&);  // any thread

 private:
  std::vector<span> take();
  void post_queued();

  const resource resource_;
  const poster post_;
  metrics& metrics_;
  std::mutex mutex_;
  std::deque<span> queue_;
  std::atomic<bool> stopping_{false};
  loop loop_;
};
}  // namespace skald::trace
