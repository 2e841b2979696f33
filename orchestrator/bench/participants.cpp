#include "orchestrator/bench/participants.hpp"

#include <utility>

#include "orchestrator/bench/events.hpp"
#include "outbox/ids.hpp"
#include "skald/reflect.hpp"

namespace skald::bench {
namespace {
constexpr std::size_t max_records = 2'000;  // in one transaction
constexpr std::size_t max_bytes = 4 << 20;
constexpr std::size_t max_unacked = 20'000;
constexpr milliseconds idle_wait{20};  // also how soon a stop is seen
constexpr milliseconds last_replies{10'000};

template <class Event>
skald::response answer_with(skald::response::what outcome, const request& r,
                            std::string_view id_member) {
  auto data = R"({"order_id":")" + std::string(r.key) + '"';
  if (!id_member.empty())
    data += ",\"" + std::string(id_member) + R"(":")" + std::string(id_member) + "-of-" +
            std::string(r.key) + '"';
  return {outcome, std::string(wire_name<Event>), std::move(data += '}')};
}

std::optional<later> undone(transaction&, const effect&, std::string_view) {
  return {};
}

participant_handlers make_handlers(const answers& all) {
  participant_handlers made;
  for (const auto& [type, say] : all)
    made.commands.emplace(
        type, [s = say](transaction&, const request& r, std::string_view) { return s(r); });
  made.undos.emplace(wire_name<Release>, undone);
  made.undos.emplace(wire_name<Refund>, undone);
  made.undos.emplace(wire_name<CancelDispense>, nullptr);
  return made;
}
}  // namespace

answers make_answers(double failing, std::uint64_t seed) {
  constexpr std::uint64_t scale = 1'000'000;
  const auto limit = static_cast<std::uint64_t>(failing * static_cast<double>(scale));
  using what = skald::response::what;
  answers all;
  all.emplace(wire_name<Reserve>, [](const request& r) {
    return answer_with<Reserved>(what::ok, r, "reservation_id");
  });
  all.emplace(wire_name<Charge>,
              [](const request& r) { return answer_with<Charged>(what::ok, r, "payment_id"); });
  all.emplace(wire_name<Dispense>, [limit, seed](const request& r) {
    const bool jams = hash64(std::to_string(seed) + std::string(r.key)) % scale < limit;
    return jams ? answer_with<Jammed>(what::declined, r, "")
                : answer_with<Dispensed>(what::ok, r, "");
  });
  return all;
}

answering::answering(const participants_settings& s, log_reader& reader, log_writer& writer,
                     log_admin& admin, pg::books* books)
    : settings_(s),
      answers_(make_answers(s.failing, s.noise.seed)),
      handlers_(make_handlers(answers_)),
      reader_(reader),
      writer_(writer),
      books_(books),
      faults_(s.noise),
      replies_(writer, "bench", faults_) {
  follow_from_now(reader, admin);
}

void answering::follow_from_now(log_reader& reader, log_admin& admin) {
  std::vector<position> from;
  for (const auto name : participants) {
    const auto topic = std::string(name) + ".commands";
    const auto partitions = admin.partitions(topic);
    if (!partitions) throw log_error("There is no topic " + topic + ".");
    for (std::int32_t p = 0; p < partitions; ++p)
      from.push_back({{topic, p}, admin.watermarks({topic, p}).high});
  }
  reader.assign(from);
}

void answering::run(const std::function<bool()>& stop) {
  while (!stop()) {
    replies_.settle();
    records_.clear();
    if (replies_.unacked() < max_unacked)
      reader_.poll(records_, max_records, max_bytes);
    else
      writer_.flush(idle_wait);
    if (records_.empty())
      reader_.wait(idle_wait);
    else
      work();
  }
  replies_.finish(last_replies);
}

void answering::work() {
  tasks_.clear();
  for (const auto& r : records_)
    if (!faults_.lose_command()) tasks_.push_back(read_task(r, handlers_));
  for (const auto& t : tasks_)
    if (!t.problem.empty()) throw log_error("A command cannot be understood: " + t.problem);
  if (books_)
    books_->transact([&](transaction& tx) { do_tasks(tx, tasks_, handlers_); });
  else
    do_without_books(tasks_);
  replies_.send(tasks_, {});
}

// A floor's engine sends commands and no undos.
void answering::do_without_books(std::span<task> tasks) const {
  for (auto& t : tasks) {
    const request r{.saga = t.envelope.correlation_id,
                    .saga_type = t.envelope.saga_type,
                    .step = t.envelope.saga_step,
                    .id = t.envelope.id,
                    .key = t.record->key};
    auto said = answers_.find(t.envelope.type)->second(r);
    const bool ok = said.outcome == skald::response::what::ok;
    t.answer.outcome = ok ? wire::outcome::ok : wire::outcome::declined;
    t.answer.type = std::move(said.type);
    t.answer.data = std::move(said.data);
  }
}
}  // namespace skald::bench
