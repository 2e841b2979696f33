// Private to the PostgreSQL store: its session, and the arrays that a commit is sent in.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "orchestrator/failpoint.hpp"
#include "orchestrator/store.hpp"
#include "orchestrator/store_postgres.hpp"
#include "outbox/postgres/pipeline.hpp"

namespace skald {
class postgres_store final : public store {
 public:
  postgres_store(std::string url, int answer_within_ms)
      : url_(std::move(url)), answer_within_(answer_within_ms) {}

  commit_result commit(const batch&) override;
  void load(std::span<const uuid>, std::vector<saga_row>&) override;
  std::optional<shard_taken> take_over(std::int16_t, std::optional<std::int64_t>) override;
  std::optional<packed_row> next_packed(std::int16_t, std::int64_t after_seq) override;
  void restore(std::int16_t, std::int64_t swept_no, std::vector<open_saga>&) override;
  std::vector<topic_row> topics() override;
  std::vector<definition_row> definitions() override;
  std::string definition_spec(std::int32_t no) override;
  int take_seat(std::string_view node) override;
  std::int64_t journal_end_no() override;

 private:
  pg::pipeline& session();
  pg::binary_result ask(const char* prepared, const pg::binary_parameters& p = {}) {
    return ask(session(), prepared, p);
  }
  pg::binary_result ask(pg::pipeline&, const char* prepared, const pg::binary_parameters&);
  bool sit(pg::pipeline&, std::string_view node, int seat);
  void drop() { session_.reset(); }

  void send_fences(const batch&);
  void send_sagas(const batch&);
  void send_journal(const batch&);
  void send_outbox(const batch&);
  void send_rare(const batch&);
  void send(const char* prepared, const pg::binary_parameters&);
  void carry_out(failpoint::effect);

  const std::string url_;
  const std::chrono::milliseconds answer_within_;
  std::optional<pg::pipeline> session_;
  struct seat {
    std::string node;
    int no;
  };
  std::optional<seat> seat_;  // held by the session

  // One per column, kept for their memory. int8, int4, int2, text, bytea, uuid.
  using array = pg::binary_array;
  array a8_{pg::type::int8}, b8_{pg::type::int8}, c8_{pg::type::int8};
  array a4_{pg::type::int4}, b4_{pg::type::int4};
  array a2_{pg::type::int2}, b2_{pg::type::int2}, c2_{pg::type::int2};
  array at_{pg::type::text}, bt_{pg::type::text};
  array ab_{pg::type::bytea}, bb_{pg::type::bytea}, ids_{pg::type::uuid};
};
}  // namespace skald
