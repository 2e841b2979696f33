#include "orchestrator/audit/books.hpp"

#include <algorithm>

#include "orchestrator/sql.hpp"
#include "sagas/encoding.hpp"
#include "sagas/names.hpp"

namespace skald::audit {
using machine::status;

namespace {
constexpr std::int64_t strangers_a_page = 2'000;
constexpr char no_uuid[] = "00000000-0000-0000-0000-000000000000";
}  // namespace

book_audit::book_audit(const participant_access& access, const snapshot& from, mismatches& found)
    : access_(access), from_(from), found_(found), db_(access.url) {
  if (!access_.schema.empty()) db_.exec(sql::audit::search_path, {access_.schema});
}

bool book_audit::is_ours(std::string_view participant) const {
  return std::find(access_.names.begin(), access_.names.end(), participant) != access_.names.end();
}

void book_audit::add(const subject& s, std::string_view kind, std::string what) {
  found_.add({kind, s.head.no, to_string(s.head.id), s.head.key, std::move(what)});
}

// An open saga's effects are in motion; a conflict is with the operator.
void book_audit::take(const saga_head& h) {
  subject s{h, {}};
  if (!machine::decode(h.state, s.state).empty() || !machine::finished(s.state)) return;
  if (s.state.conflicts != 0 || s.state.phase == machine::phase::none) return;
  s.head.state.clear();
  subjects_.push_back(std::move(s));
  if (subjects_.size() == sagas_a_question) ask();
}

void book_audit::ask() {
  std::vector<std::string> ids;
  std::map<std::string, std::vector<row>> by_saga;
  for (const auto& s : subjects_) ids.push_back(to_string(s.head.id));
  const auto rows = db_.exec(sql::audit::fence, {pg::array(ids)});
  for (std::size_t i = 0; i < rows.rows(); ++i)
    by_saga[rows.text(i, 0)].push_back({rows.text(i, 1), rows.text(i, 2), rows.text(i, 3)});
  rows_ += static_cast<std::int64_t>(rows.rows());
  for (std::size_t i = 0; i < subjects_.size(); ++i) judge(subjects_[i], by_saga[ids[i]]);
  subjects_.clear();
}

void book_audit::judge(const subject& s, const std::vector<row>& rows) {
  const auto& steps = from_.definitions().at(s.head.definition)->spec().steps;
  std::vector<row> of_step;
  for (std::uint8_t i = 0; i < steps.size(); ++i) {
    const auto& d = steps[i];
    const auto who = d.awaits() ? d.undo.send.participant : d.send.participant;
    if (!is_ours(who) || d.no_fence || d.not_idempotent) continue;  // weak ones remember nothing
    of_step.clear();
    for (const auto& r : rows)
      if (r.step == d.name) of_step.push_back(r);
    judge_step(s, i, of_step);
    for (const auto& x : s.state.surpluses)
      if (x.step == i && x.now == machine::surplus_state::state::closed && x.n != 0 && !x.risked)
        judge_undone(s, i, x.occurrence, of_step);
  }
}

void book_audit::judge_step(const subject& s, std::uint8_t i, const std::vector<row>& of_step) {
  const auto& spec = from_.definitions().at(s.head.definition)->spec();
  const auto& d = spec.steps[i];
  const auto& st = s.state.steps[i];
  if (st.risked) return;  // an operator's word that is not in the books
  const std::string name(d.name);
  if (d.awaits()) {
    const bool undone = st.status == status::settled && st.undo_n != 0 && st.accepted != 0;
    if (undone) judge_undone(s, i, st.accepted, of_step);
    return;
  }
  const auto own = std::find_if(of_step.begin(), of_step.end(),
                                [](const row& r) { return r.occurrence.empty(); });
  const bool stands =
      std::any_of(of_step.begin(), of_step.end(), [](const row& r) { return r.state == "done"; });
  const bool done = st.status == status::done;
  auto& total = totals_[std::string(spec.name) + "/" + name];
  total.done += done;
  total.standing += stands;
  const auto phase = std::string(machine::name(s.state.phase));
  if (done && (own == of_step.end() || own->state != "done"))
    add(s, kind::effect_missing,
        "it is " + phase + " with step " + name + " done, and the participant's books say: " +
            (own == of_step.end() ? "never heard of" : own->state));
  const bool may_stand = d.undo.kind == undo::type::harmless && st.status == status::settled;
  if (!done && stands && !may_stand)
    add(s, kind::effect_stands,
        "it is " + phase + " with step " + name + " " + std::string(machine::name(st.status)) +
            ", and the effect stands in the participant's books");
}

void book_audit::judge_undone(const subject& s, std::uint8_t i, std::uint64_t occurrence,
                              const std::vector<row>& of_step) {
  const auto& d = from_.definitions().at(s.head.definition)->spec().steps[i];
  if (!d.has_undo()) return;
  std::string own;
  wire::append(own, {s.head.id, d.name, wire::kind::do_, 0});
  for (const auto& r : of_step) {
    const auto named = hash64(r.occurrence.empty() ? own : r.occurrence);
    if ((named == occurrence || r.occurrence.empty()) && r.state != "done") return;
  }
  add(s, kind::effect_stands,
      "step " + std::string(d.name) +
          " had an effect that was undone by name, and the participant's books do not say so");
}

void book_audit::finish(const std::string& postgres, std::int64_t fence_retention_ms) {
  ask();
  find_strangers(postgres, fence_retention_ms);
  judge_totals();
}

// Effects of sagas that are not there: a command that left before its commit, or a lost tombstone.
void book_audit::find_strangers(const std::string& postgres, std::int64_t fence_retention_ms) {
  pg::connection sagas(postgres);
  std::string saga = no_uuid, step, occurrence;
  for (;;) {
    const auto rows = db_.exec(sql::audit::fence_page,
                               {saga, step, occurrence, fence_retention_ms, strangers_a_page});
    if (rows.rows() == 0) return;
    std::vector<std::string> ids;
    std::vector<std::size_t> at;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      if (!rows.boolean(i, 4)) continue;  // kept longer than anybody promised
      ids.push_back(rows.text(i, 0));
      at.push_back(i);
    }
    const auto unknown = sagas.exec(sql::audit::unknown_ids, {pg::array(ids)});
    for (std::size_t i = 0; i < unknown.rows(); ++i) {
      const auto stray = at[static_cast<std::size_t>(unknown.number(i, 0) - 1)];
      found_.add({kind::effect_of_nobody, 0, rows.text(stray, 0), "",
                  "a participant has step " + rows.text(stray, 1) + " as " + rows.text(stray, 3) +
                      " of a saga that is not there"});
    }
    const auto last = rows.rows() - 1;
    saga = rows.text(last, 0), step = rows.text(last, 1), occurrence = rows.text(last, 2);
  }
}

void book_audit::judge_totals() {
  for (const auto& [step, total] : totals_)
    if (total.done != total.standing)
      found_.add({kind::effect_count, 0, "", "",
                  "of " + step + " the finished sagas have " + std::to_string(total.done) +
                      " in effect, the books " + std::to_string(total.standing)});
}
}  // namespace skald::audit
