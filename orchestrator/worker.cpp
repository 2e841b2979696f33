#include "orchestrator/worker.hpp"

#include <algorithm>

#include "orchestrator/worker_session.hpp"

namespace skald {
namespace {
constexpr auto heard_within = milliseconds(100);  // stop()
constexpr auto shortest_pause = milliseconds(100), longest_pause = milliseconds(5'000);
}  // namespace

worker::worker(worker_setup setup, metrics& counts) : setup_(std::move(setup)), metrics_(counts) {}
worker::~worker() {
  stop();
}

void worker::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

void worker::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

bool worker::turn() try {
  if (rejoining_.exchange(false)) session_.reset();
  if (!session_) session_ = std::make_unique<session>(setup_, metrics_);
  healthy_ = true;
  return session_->turn(gauges_);
} catch (...) {
  healthy_ = false;
  session_.reset();
  throw;
}

void worker::run() {
  int failures = 0;
  while (!stopping_) try {
      if (!turn()) session_->reader->wait(session_->patience());
      failures = 0;
    } catch (const std::exception& e) {
      session_.reset();
      setup_.report({severity::error, "worker.failed", e.what()});
      pause_before_retry(++failures);
    }
  finish();
}

void worker::finish() try {
  healthy_ = false;
  if (!session_) return;
  session_->records.clear();
  session_->finish();
  session_.reset();
} catch (const std::exception& e) {
  session_.reset();
  setup_.report({severity::error, "worker.failed", e.what()});
}

void worker::pause_before_retry(int failures) {
  auto left = std::min(longest_pause, shortest_pause * (1 << std::min(failures, 6)));
  for (; left.count() > 0 && !stopping_; left -= heard_within)
    std::this_thread::sleep_for(std::min<milliseconds>(left, heard_within));
}
}  // namespace skald
