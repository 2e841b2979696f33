#include <array>
#include <chrono>
#include <functional>
#include <limits>

#include "orchestrator/replay/replay.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/sql.hpp"
#include "outbox/postgres/pipeline.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald {
namespace {
constexpr int sagas_of_a_page = 2'000;
constexpr std::chrono::seconds longest_query{60};

// One saga's rows, folded with two definitions: the one it ran on, and the one it is told to.
class comparison {
 public:
  comparison(const definition_choice& recorded_by, const definition_choice& told_to,
             bulk_result& out)
      : recorded_by_(recorded_by), told_to_(told_to), out_(out) {}

  void begin(const uuid& id, std::string_view key, std::int32_t definition,
             std::string_view state) {
    end();
    ++out_.sagas;
    id_ = id;
    state_.assign(state);
    const auto* own = recorded_by_(definition);
    const auto* other = told_to_(definition);
    if (!own || !other) {
      ++out_.skipped;
      return;
    }
    if (!fold_ || &*fold_->saga().definition != other) fold_.emplace(*other, id, key);
    fold_->begin(id, key);
    own_ = own, other_ = other, differs_at_ = 0, active_ = true;
  }
  void row(recorded r) {
    ++out_.rows;
    if (!active_) return;
    if (own_ != other_ && !retell(r)) return;
    if (!fold_->feed(r).same() && differs_at_ == 0) differs_at_ = r.seq;
  }
  void end() {
    if (!active_) return;
    active_ = false;
    const auto& now = fold_->saga().state;
    if (differs_at_ == 0 && (own_ != other_ || machine::encode(now) == state_)) return;
    machine::saga then;
    const auto problem = machine::decode(state_, then);
    const auto was = problem.empty() ? name(then.phase) : "unreadable";
    ++out_.changed[std::string(was) + " -> " + std::string(name(now.phase))];
    if (out_.examples.size() < max_examples)
      out_.examples.emplace_back(to_string(id_), differs_at_
                                                     ? "event " + std::to_string(differs_at_)
                                                     : "the state at the end");
  }

 private:
  bool retell(recorded& r) const {
    auto& step = r.event.step;
    if (step == machine::whole_saga) return true;
    const auto& from = own_->spec().steps;
    if (step >= from.size()) return false;
    const auto named = other_->step_named(from[step].name);
    if (named) step = *named;
    return named.has_value();
  }

  const definition_choice &recorded_by_, &told_to_;
  bulk_result& out_;
  std::optional<folder> fold_;
  uuid id_;
  std::string state_;
  const compiled *own_ = nullptr, *other_ = nullptr;
  std::int32_t differs_at_ = 0;
  bool active_ = false;
};
struct head {
  std::int64_t no;
  uuid id;
  std::string key, state;
  std::int32_t definition, seq;
};

// All sagas from a number on, a page at a time. Two sessions take turns: while one page is folded,
// the server reads the next.
class pages {
 public:
  pages(const std::string& postgres, std::int64_t from_no)
      : sessions_{pg::pipeline(postgres), pg::pipeline(postgres)} {
    for (auto& s : sessions_) {
      s.prepare("sagas", sql::replay::many_heads);
      s.prepare("rows", sql::replay::many_rows);
    }
    auto& first = sessions_[1];
    ask_heads(first, from_no);
    first.sync();
    finish(first);
    take_heads(first.result(0));
    ask_next();
  }

  bool next() {  // false: that was all
    if (ahead_.empty()) return false;
    finish(sessions_[turn_]);
    heads_.swap(ahead_);
    take_heads(sessions_[turn_].result(1));
    turn_ = 1 - turn_;
    ask_next();
    return true;
  }
  const std::vector<head>& heads() const { return heads_; }
  pg::binary_result rows() const { return sessions_[1 - turn_].result(0); }

 private:
  static void ask_heads(pg::pipeline& on, std::int64_t from_no) {
    pg::binary_parameters page;
    on.send("sagas", page.add_int8(from_no).add_int4(sagas_of_a_page));
  }
  // The rows of the page ahead, and the heads of the one behind it.
  void ask_next() {
    if (ahead_.empty()) return;
    auto& on = sessions_[turn_];
    pg::binary_parameters range;
    on.send("rows", range.add_int8(ahead_.front().no).add_int8(ahead_.back().no));
    ask_heads(on, ahead_.back().no + 1);
    on.sync();
  }
  static void finish(pg::pipeline& on) {
    if (!on.wait(longest_query) || on.outcome().fate != pg::fate::committed)
      throw pg::error(on.outcome().sentence, on.outcome().sqlstate, !on.is_open());
  }
  void take_heads(const pg::binary_result& sagas) {
    ahead_.clear();
    for (std::size_t i = 0; i < sagas.rows(); ++i)
      ahead_.push_back({sagas.number(i, 0), uuid{sagas.uuid(i, 1)}, std::string(sagas.data(i, 2)),
                        std::string(sagas.data(i, 3)),
                        static_cast<std::int32_t>(sagas.number(i, 4)),
                        static_cast<std::int32_t>(sagas.number(i, 5))});
  }

  std::array<pg::pipeline, 2> sessions_;
  std::size_t turn_ = 0;  // the session that reads the page ahead
  std::vector<head> heads_, ahead_;
};
}  // namespace

bulk_result replay_all(const std::string& postgres, std::int64_t since_ms,
                       const definition_choice& recorded_by, const definition_choice& told_to) {
  const auto begun = std::chrono::steady_clock::now();
  bulk_result out;
  comparison compare(recorded_by, told_to, out);
  for (pages all(postgres, saga_no::first(since_ms, 0)); all.next();) {
    const auto rows = all.rows();
    std::size_t i = 0;
    for (const auto& h : all.heads()) {
      compare.begin(h.id, h.key, h.definition, h.state);
      while (i < rows.rows() && rows.number(i, 0) < h.no) ++i;  // of a saga that has gone since
      for (; i < rows.rows() && rows.number(i, 0) == h.no; ++i)
        if (rows.number(i, 1) <= h.seq)  // later ones came meanwhile
          compare.row(recorded_of(rows, i));
      compare.end();
    }
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return out;
}
}  // namespace skald
