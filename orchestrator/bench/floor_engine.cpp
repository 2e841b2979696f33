#include "orchestrator/bench/floor_engine.hpp"

#include <array>

#include "orchestrator/bench/saga.hpp"
#include "orchestrator/json_text.hpp"
#include "orchestrator/saga_no.hpp"
#include "orchestrator/worker.hpp"
#include "outbox/frame.hpp"
#include "sagas/machine.hpp"

namespace skald::bench {
namespace {
using machine::phase;

constexpr milliseconds idle_time{20};    // also how soon a stop is seen
constexpr std::int64_t step_ms = 5'000;  // until a timer that never fires here
constexpr std::size_t state_bytes = 50;  // of an ordinary saga of three steps
constexpr std::string_view token = "1.AAECAwQFBgcICQoLDA0ODw";  // of a real one's length

std::string command_topic(const step& s) {
  return std::string(s.send.participant) + ".commands";
}

void write_command_body(std::string& out, std::size_t step, std::string_view key) {
  out = R"({"order_id":)";
  append_json(out, key);
  if (step == 1) out += R"(,"customer_id":"customer-123456","currency":"EUR","amount_cents":250)";
  if (step == 2) out += R"(,"machine_id":"machine-1234")";
  if (step != 1) out += R"(,"slot":12)";
  out += '}';
}
}  // namespace

floor_engine::floor_engine(const floor_settings& s, log_reader& reader, log_writer& writer,
                           log_admin& admin, store* to)
    : settings_(s),
      starts_(s.prefix + ".starts"),
      inbox_(s.prefix + ".inbox"),
      events_(s.prefix + ".saga-events"),
      source_("/skald/" + s.prefix + "/" + std::string(measured_saga().name)),
      namespace_(saga_namespace(measured_saga().name)),
      reader_(reader),
      writer_(writer),
      store_(to) {
  take_over(reader, admin);
}

void floor_engine::take_over(log_reader& reader, log_admin& admin) {
  std::size_t topics = 0;
  if (store_)
    for (const auto& t : store_->topics()) {
      topics = std::max(topics, static_cast<std::size_t>(t.no));
      if (t.name == starts_) starts_no_ = static_cast<std::size_t>(t.no - 1);
      if (t.name == inbox_) inbox_no_ = static_cast<std::size_t>(t.no - 1);
    }
  std::vector<position> from;
  for (const auto id : settings_.shards) {
    auto& part = shards_[id];
    for (const auto& topic : {starts_, inbox_})
      from.push_back({{topic, id}, admin.watermarks({topic, id}).high});
    if (!store_) continue;
    const auto taken = store_->take_over(id, {});
    part.row = taken->row;
    part.next_offset = part.row.next_offset;
    part.next_no = part.row.next_no;
    part.packed_seq = part.row.epoch << 32;
    now_ms_ = taken->now_ms;
  }
  reader.assign(from);
}

void floor_engine::run(const std::function<bool()>& stop) {
  const worker_limits limits;
  while (!stop()) {
    writer_.poll();
    records_.clear();
    reader_.poll(records_, limits.batch_records, limits.batch_bytes);
    if (records_.empty())
      reader_.wait(idle_time);
    else
      work();
  }
  if (!sent_.empty()) commit();  // deletes the last rows; nothing else is written
}

void floor_engine::work() {
  for (const auto& r : records_) {
    auto& part = shards_.at(static_cast<std::int16_t>(r.partition));
    part.touched = true;
    if (store_) part.next_offset[r.topic == starts_ ? starts_no_ : inbox_no_] = r.offset + 1;
    if (r.topic == starts_)
      start(r, part);
    else
      advance(r, part);
  }
  if (store_) commit();
  dispatch();
}

void floor_engine::start(const wire::record& r, shard_part& part) {
  auto& f = flights_[std::string(r.key)];
  f.id = saga_id(namespace_, r.key);
  f.no = saga_no::take(part.next_no, now_ms_, static_cast<std::int16_t>(r.partition));
  write_event(f, r.key, "started", part);
  write_command(f, r.key, part);
  if (store_) write_row(r, f, true, false);
}

void floor_engine::advance(const wire::record& r, shard_part& part) {
  const auto found = flights_.find(std::string(r.key));
  if (found == flights_.end()) throw log_error("A reply for a saga that was never started.");
  auto& f = found->second;
  const bool last = ++f.step == measured_saga().steps.size();
  if (last)
    write_event(f, r.key, "completed", part);
  else
    write_command(f, r.key, part);
  if (store_) write_row(r, f, false, last);
  if (last) flights_.erase(found);
}

void floor_engine::write_row(const wire::record& r, const flight& f, bool fresh, bool last) {
  const auto seq = static_cast<std::int32_t>(f.step) + 1;
  (fresh ? batch_.fresh : batch_.changed)
      .push_back({.no = f.no,
                  .id = f.id,
                  .definition = settings_.definition_no,
                  .key = r.key,
                  .phase = static_cast<std::uint8_t>(last ? phase::completed : phase::running),
                  .seq = seq,
                  .due_ms = last ? 0 : now_ms_ + step_ms,
                  .state = std::string(state_bytes, '\1')});
  const auto e = wire::parse(r.headers).envelope;
  const auto kind = fresh ? machine::event_kind::start : machine::event_kind::ok;
  batch_.journal.push_back(
      {.saga_no = f.no,
       .seq = seq,
       .kind = static_cast<std::uint8_t>(kind),
       .step = fresh ? machine::whole_saga : static_cast<std::uint8_t>(f.step - 1),
       .occurrence = fresh ? 0 : hash64(e.causation_id),
       .message_id = e.id,
       .type = e.type,
       .payload = r.value,
       .commands_hash = hash64(e.id)});
}

void floor_engine::write_command(const flight& f, std::string_view key, shard_part& part) {
  const auto& s = measured_saga().steps[f.step];
  saga_.clear();
  append(saga_, f.id);
  id_.clear();
  wire::append(id_, {f.id, s.name, wire::kind::do_, 0});
  write_command_body(body_, f.step, key);
  const std::array<wire::header, 14> headers{{{"content-type", "application/json"},
                                              {"ce_specversion", "1.0"},
                                              {"ce_source", source_},
                                              {"ce_type", s.send.type},
                                              {"ce_sagatype", measured_saga().name},
                                              {"ce_sagaversion", "1"},
                                              {"ce_sagastep", s.name},
                                              {"ce_sagakind", wire::name(wire::kind::do_)},
                                              {"ce_sagareplyto", inbox_},
                                              {"ce_id", id_},
                                              {"ce_partitionkey", key},
                                              {"ce_correlationid", saga_},
                                              {"ce_sagaattempt", "1"},
                                              {"ce_sagatoken", token}}};
  wire::append_frame(part.packed, command_topic(s), key, headers, body_);
  ++part.frames;
}

void floor_engine::write_event(const flight& f, std::string_view key, std::string_view name,
                               shard_part& part) {
  saga_.clear();
  append(saga_, f.id);
  const auto type = "skald.saga." + std::string(name) + ".v1";
  id_ = saga_ + "/" + std::to_string(f.step + 1) + "/" + std::string(name);
  body_ = R"({"saga":")" + saga_ + R"(","definition":"bench","version":1,"key":)";
  append_json(body_, key);
  body_ += R"(,"seq":)" + std::to_string(f.step + 1) + R"(,"at_ms":)" + std::to_string(now_ms_) +
           R"(,"event":")" + std::string(name) + R"("})";
  const std::array<wire::header, 10> headers{{{"content-type", "application/json"},
                                              {"ce_specversion", "1.0"},
                                              {"ce_source", source_},
                                              {"ce_type", type},
                                              {"ce_id", id_},
                                              {"ce_partitionkey", key},
                                              {"ce_correlationid", saga_},
                                              {"ce_sagatype", measured_saga().name},
                                              {"ce_sagaversion", "1"},
                                              {"ce_sagakind", "event"}}};
  wire::append_frame(part.packed, events_, key, headers, body_);
  ++part.frames;
}

void floor_engine::commit() {
  batch_.at_ms = now_ms_;
  batch_.acked = std::move(sent_);
  sent_.clear();
  for (auto& [id, part] : shards_) {
    if (!part.touched) continue;
    batch_.shards.push_back({&part.row, part.next_offset, part.next_no, part.row.swept_no});
    batch_.packed.push_back({id, part.packed_seq, part.frames, part.packed});
    sent_.emplace_back(id, part.packed_seq++);
  }
  const auto done = store_->commit(batch_);
  if (done.fate != fate::committed) throw store_error("A floor's commit failed: " + done.why);
  now_ms_ = done.now_ms;
  for (auto& [id, part] : shards_) {
    part.row.next_offset = part.next_offset;
    part.row.next_no = part.next_no;
  }
  batch_ = {};
}

void floor_engine::dispatch() {
  wire::frame f;
  for (auto& [id, part] : shards_) {
    for (std::string_view rest = part.packed; wire::read_frame(rest, f);)
      while (writer_.send(f.topic, f.key, f.headers, f.value, 0) == log_writer::sent::full)
        writer_.flush(milliseconds(5));
    part.packed.clear();
    part.frames = 0;
    part.touched = false;
  }
}
}  // namespace skald::bench
