// The transactional outbox: a message is sent if, and only if, your transaction commits.
//
//   pqxx::work tx(connection);
//   tx.exec("update account set ...");
//   skald::outbox::write(tx, skald::outbox::event("account.events", key, "account.Closed.v1",
//                                                 "/accounts", event_id, json));
//   tx.commit();
//
// Needs the tables of migrations/outbox in the same database, and a relay (`skald relay`).
// Messages of one key keep their order if each transaction takes the lock that serialises the key
// (updates the row that the key names) BEFORE it writes here. C++17.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqxx {
class transaction_base;
}

namespace skald::outbox {
struct message {
  std::string topic;
  std::optional<std::string> key;                            // none: any partition, no order
  std::vector<std::pair<std::string, std::string>> headers;  // UTF-8, no NUL
  std::optional<std::string> payload;                        // none: a tombstone
};

// A message with the headers of a CloudEvents 1.0 event of JSON (docs/contract.md). `id` tells it
// apart for ever: a repeat with the same id is a duplicate.
message event(std::string topic, std::string key, std::string type, std::string source,
              std::string id, std::string json);

// Both throw what libpqxx throws. Several messages are one statement, and sent in their order.
void write(pqxx::transaction_base&, const message&);
void write(pqxx::transaction_base&, const std::vector<message>&);
}  // namespace skald::outbox
