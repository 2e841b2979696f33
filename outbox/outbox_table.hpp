// The relay's session with the outbox's database: leadership, the gate, and rounds of deleting
// what is sent, setting aside what cannot be, and reading on. One thread; throws pg::error.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "outbox/lock_floor.hpp"
#include "outbox/postgres/pipeline.hpp"
#include "outbox/unread.hpp"

namespace skald {
class outbox_table {
 public:
  struct rejection {
    std::int64_t id;
    std::string reason, topic = {};  // the topic is only told, not asked for
  };
  struct demand {
    std::vector<std::int64_t> sent;   // deleted
    std::vector<rejection> rejected;  // moved to outbox_rejected
    std::int64_t rows = 0;            // to be read at most; 0: none
    std::int64_t bytes = 0;           // of them at most, but always one row
    bool settle = false;              // look for ids that will never come
  };
  // Views live until the next round. `headers` is text, supposedly a JSON object of strings.
  struct row {
    std::int64_t id = 0;
    std::string_view topic, key, headers, payload;
    bool has_key = false, has_payload = false;
  };

  // `longest_silence`: the server ends a session that is silent for longer, and its leadership.
  outbox_table(const std::string& url, std::chrono::milliseconds longest_silence);

  bool try_to_lead();        // at most one session of all has it, until the session ends
  bool try_to_close_gate();  // from then on writers notify; false: a writer is on its way
  void open_gate();

  void begin_round(const demand&);
  bool advance();  // never waits; true: the round is over
  std::size_t rows() const { return row_count_; }
  row at(std::size_t) const;
  std::vector<rejection> rejected() const;  // what the round has really set aside
  bool has_gaps() const { return unread_.ranges().size() > 1; }

  int socket() const { return session_.socket(); }
  bool wants_write() const { return session_.wants_write(); }
  bool take_notification();
  void wait(std::chrono::milliseconds at_most) { session_.wait(at_most); }

 private:
  bool ask(const char* statement);
  void finish_round();
  void settle_ids();
  std::int64_t bytes_read() const;

  pg::pipeline session_;
  unread_ids unread_;
  lock_floor floor_;
  std::int64_t relation_ = 0;
  pg::binary_array sent_, rejected_ids_, reasons_, firsts_, lasts_;
  demand asked_;
  std::size_t reject_at_ = 0, read_at_ = 0, settle_at_ = 0, row_count_ = 0;
  std::vector<std::int64_t> ids_;  // of the rows read
};
}  // namespace skald
