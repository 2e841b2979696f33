// The kit's side of the wire: sends commands as the orchestrator does, and files what comes back
// under the command that it says it answers. Talks only Kafka.
#pragma once
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "outbox/kafka/connection.hpp"
#include "outbox/log.hpp"
#include "outbox/token.hpp"
#include "outbox/wire.hpp"

namespace skald::conformance {
using owned_headers = std::vector<std::pair<std::string, std::string>>;

// A record with its bytes, sent or heard.
struct letter {
  std::string topic, key, value;
  std::int32_t partition = -1;
  bool has_key = true;
  owned_headers headers;

  std::string_view header(std::string_view name) const;  // empty: not there
};
std::string to_text(const letter&);  // for people: what was on the wire

struct desk_settings {
  kafka::connection kafka;
  std::string command_topic;
  std::string reply_topic = "skald.conformance.replies";
  int reply_partitions = 4;
  std::chrono::milliseconds answer_within{10'000};
};

// One thread. Throws log_error when Kafka cannot be used.
class desk {
 public:
  explicit desk(desk_settings);

  void send(const letter&);
  // The next reply filed under this command's id; none when it does not come in time.
  std::optional<letter> hear(const std::string& command_id);
  // What has come that answers none of the commands sent.
  std::vector<letter> take_strays() { return std::exchange(strays_, {}); }
  std::string token(std::string_view id);
  const desk_settings& settings() const { return settings_; }

 private:
  void read();
  desk_settings settings_;
  signer signer_;
  std::string broken_;  // what a delivery said
  std::unique_ptr<log_writer> writer_;
  std::unique_ptr<log_reader> reader_;
  std::map<std::string, std::deque<letter>, std::less<>> filed_;  // bounded by the rules' length
  std::vector<letter> strays_;
};
}  // namespace skald::conformance
