// Puts the API's records into the log: one writer on one thread, any number of handlers.
#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "orchestrator/requests.hpp"
#include "outbox/log.hpp"

namespace skald::api {
// Empty: acknowledged by all in-sync replicas. Else why not: a sentence.
using acknowledgement = std::shared_future<std::string>;
using send_record = std::function<acknowledgement(requests::record)>;

class record_sender {
 public:
  using open_writer = std::function<std::unique_ptr<log_writer>(log_writer::on_delivery)>;
  explicit record_sender(open_writer);
  ~record_sender();  // stops

  void start();
  void stop();  // waits; what is not acknowledged by then is answered so

  // Any thread. Throws http::unavailable when the log has not acknowledged for `silent_for`, or
  // when max_waiting records wait: nothing was sent then.
  acknowledgement send(requests::record);

  static constexpr std::size_t max_waiting = 10'000;
  static constexpr std::chrono::seconds silent_for{3};

 private:
  struct order {
    requests::record record;
    std::promise<std::string> told;
    std::chrono::steady_clock::time_point since;
  };
  void run();
  void begin();
  void push();
  void told(const log_writer::delivery&);
  void fail_all(const std::string& why);

  const open_writer open_;
  std::mutex guard_;
  std::condition_variable wake_;
  std::deque<order> fresh_;
  bool stopping_ = false;
  std::size_t under_way_ = 0;  // fresh and sent
  std::chrono::steady_clock::time_point oldest_{};

  std::unique_ptr<log_writer> writer_;  // from here on: of the thread
  std::map<std::uint64_t, order> sent_;
  std::uint64_t next_tag_ = 1;
  std::string broken_;
  std::thread thread_;
};
}  // namespace skald::api
