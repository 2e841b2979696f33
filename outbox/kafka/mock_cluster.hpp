// librdkafka's embedded broker: for tests and `skald dev`. In memory, loses old records silently
// (about 5 MB a partition), knows no transactions, and says nothing about durability or speed.
#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace skald::kafka {
class mock_cluster {
 public:
  explicit mock_cluster(int brokers = 1);
  ~mock_cluster();
  mock_cluster(const mock_cluster&) = delete;
  mock_cluster& operator=(const mock_cluster&) = delete;

  std::string bootstrap() const;  // any process of this machine may connect
  void create_topic(const std::string& topic, int partitions);
  void set_down(bool down);  // all brokers: connections break and are refused
  // Without a leader a partition takes and gives nothing; its clients wait.
  void set_leader(const std::string& topic, int partition, bool has_one);
  // The next batch is refused as if the partition had just got another leader, or is said to be a
  // repeat of one that came long ago.
  void refuse_batch_once();
  void call_batch_a_repeat_once();
  void set_delay(std::chrono::milliseconds);  // of each answer
  // The next question for a group's offsets is answered with an error, as behind a crash.
  void refuse_offsets_once();

 private:
  struct state;
  std::unique_ptr<state> state_;
};
}  // namespace skald::kafka
