// The operator's word goes into a participant's books before it goes to the saga. The participant
// answers into the inbox, where the saga's owner passes such an answer over: who sent the word
// listens for it here.
#pragma once
#include <chrono>
#include <memory>
#include <set>
#include <string>

#include "outbox/kafka/connection.hpp"
#include "outbox/log.hpp"
#include "outbox/token.hpp"

namespace skald {
// One thread. Throws log_error when Kafka cannot be used.
class books {
 public:
  // `shards`: partitions of the inbox.
  books(const kafka::connection&, std::string inbox, std::int32_t shards);
  ~books();

  // To be called before a word about this key is sent: what came earlier is not heard.
  void listen(const std::string& key);
  // The ids of those words (their ce_id) that were answered within that time.
  std::set<std::string> hear(const std::set<std::string>& words, signer& tokens,
                             std::chrono::milliseconds within);

 private:
  void read(const std::set<std::string>& words, signer& tokens, std::set<std::string>& answered,
            std::chrono::milliseconds at_most);

  const std::string inbox_;
  const std::int32_t shards_;
  std::unique_ptr<log_admin> admin_;
  std::unique_ptr<log_reader> reader_;
  std::set<std::int32_t> partitions_;  // listened to
};
}  // namespace skald
