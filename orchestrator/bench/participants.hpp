// The three participants of the measured saga, on one thread: they answer at once, keep the fence,
// and have no business of their own.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "outbox/log.hpp"
#include "outbox/participant_batch.hpp"
#include "outbox/participant_faults.hpp"
#include "outbox/participant_replies.hpp"
#include "outbox/postgres/books.hpp"

namespace skald::bench {
struct participants_settings {
  double failing = 0;        // share of dispenses that are declined, drawn from the business key
  participant_faults noise;  // commands and replies lost, sent twice, overtaken
};

// What the three answer to a command, by its type.
using answers = std::map<std::string, std::function<skald::response(const request&)>, std::less<>>;
answers make_answers(double failing, std::uint64_t seed);

class answering {
 public:
  // Reads all three command topics from their ends. With no `books` nothing is remembered: a floor
  // without a database. The writer must have been opened with `delivered` as its on_delivery.
  answering(const participants_settings&, log_reader&, log_writer&, log_admin&, pg::books* books);

  // Until `stop` says so. Throws log_error, pg::gone, and what the database throws.
  void run(const std::function<bool()>& stop);
  void delivered(const log_writer::delivery& d) { replies_.delivered(d); }

 private:
  void follow_from_now(log_reader&, log_admin&);
  void work();
  void do_without_books(std::span<task>) const;

  const participants_settings settings_;
  const answers answers_;
  const participant_handlers handlers_;
  log_reader& reader_;
  log_writer& writer_;
  pg::books* const books_;
  faults faults_;
  reply_sender replies_;
  std::vector<wire::record> records_;
  std::vector<task> tasks_;
};

}  // namespace skald::bench
