// A background loop: start, stop that waits, a second stop is nothing.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace skald {
class loop {
 public:
  // `turn` is called every `period`, at once first. What it throws goes to `report`; it is called
  // again after the period.
  loop(std::chrono::milliseconds period, std::function<void()> turn,
       std::function<void(const std::string&)> report)
      : period_(period), turn_(std::move(turn)), report_(std::move(report)) {}
  ~loop() { stop(); }
  loop(const loop&) = delete;
  loop& operator=(const loop&) = delete;

  void start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      try {
        turn_();
      } catch (const std::exception& e) {
        report_(e.what());
      }
      lock.lock();
      wake_.wait_for(lock, period_, [this] { return stopping_; });
    }
  }

  const std::chrono::milliseconds period_;
  const std::function<void()> turn_;
  const std::function<void(const std::string&)> report_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};
}  // namespace skald
