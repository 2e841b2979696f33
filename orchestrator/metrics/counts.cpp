#include "orchestrator/metrics/counts.hpp"

#include <algorithm>

namespace skald {
namespace {
std::string_view participant_of(const step& s) {
  return s.awaits() ? std::string_view("") : s.send.participant;
}

step_counts counts_of(metrics& m, std::string_view definition, const step& s) {
  const auto participant = participant_of(s);
  return {m.step_attempts.at({definition, s.name, participant}),
          m.step_timeouts.at({definition, s.name, participant}),
          m.compensations.at({definition, s.name}),
          m.compensation_failures.at({definition, s.name}),
          m.commands_impossible.at({definition, s.name}),
          m.step_duration.at({definition, s.name, participant, "ok"}),
          m.step_duration.at({definition, s.name, participant, "declined"})};
}
}  // namespace

const definition_counts& saga_counts::of(const compiled& definition) {
  const auto no = static_cast<std::size_t>(definition.no());
  if (no >= by_no_.size()) by_no_.resize(no + 1);
  auto& found = by_no_[no];
  if (found) return *found;
  const auto name = definition.spec().name;
  auto& m = metrics_;
  found.reset(new definition_counts{m.sagas_started.at({name}),
                                    m.sagas_finished.at({name, "completed"}),
                                    m.sagas_finished.at({name, "aborted"}),
                                    m.saga_duration.at({name, "completed"}),
                                    m.saga_duration.at({name, "aborted"}),
                                    {}});
  for (const auto& s : definition.spec().steps) found->steps.push_back(counts_of(m, name, s));
  return *found;
}

const message_counts& topic_counts::of(std::string_view topic) {
  if (last_ && last_->topic == topic) return last_->counts;
  const auto known = std::ranges::find_if(all_, [&](const auto& e) { return e->topic == topic; });
  if (known != all_.end()) return (last_ = known->get())->counts;
  auto& m = metrics_;
  const auto refused = [&](std::string_view why) {
    return &m.messages_quarantined.at({topic, why});
  };
  all_.emplace_back(new entry{
      std::string(topic),
      {m.messages_consumed.at({topic}),
       m.messages_duplicate.at({topic}),
       m.messages_late.at({topic}),
       m.messages_conflict.at({topic}),
       m.messages_unmatched.at({topic}),
       m.messages_misrouted.at({topic}),
       {refused("unreadable"), refused("not_believed"), refused("unknown"), refused("no_key"),
        refused("too_much"), refused("damaged"), refused("unsendable")}}});
  return (last_ = all_.back().get())->counts;
}
}  // namespace skald
