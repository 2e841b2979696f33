// Each message once, for the consumers of any topic: the ids of a batch are kept in table inbox
// (migrations/participant) in the transaction of the effects.
//
//   const skald::inbox inbox({.consumer = "loyalty"});
//   for (auto i : inbox.take(tx, ids)) handle(tx, messages[i]);
//   tx.commit();
#pragma once
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pqxx {
class transaction_base;
}

namespace skald {
struct inbox_settings {
  std::string consumer;  // who handles: the same message may be new to another consumer
  // How long an id is known, and how long a message can still come again (topic retention +
  // replay). Forgetting earlier would let one take effect twice: shorter than `horizon` is refused.
  std::chrono::hours retention{24 * 30};
  std::chrono::hours horizon{24 * 14};
};

// Values only: may be shared by threads, each with its own transaction.
class inbox {
 public:
  // Throws std::invalid_argument with a sentence.
  explicit inbox(inbox_settings);

  // The positions in `ids`, ascending, of the messages that this consumer has not taken yet; each
  // id once. They count as taken when the transaction commits. One query. A second process that
  // takes one of them at the same time waits for the first one's end.
  std::vector<std::size_t> take(pqxx::transaction_base&,
                                std::span<const std::string_view> ids) const;

  // Deletes at most `limit` ids that are older than the retention. Returns how many: call again
  // while that is `limit`.
  std::size_t forget(pqxx::transaction_base&, std::size_t limit = 5'000) const;

 private:
  inbox_settings settings_;
};
}  // namespace skald
