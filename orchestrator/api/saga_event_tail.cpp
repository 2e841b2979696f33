#include "orchestrator/api/saga_event_tail.hpp"

#include <algorithm>

namespace skald::api {
namespace {
using steady = std::chrono::steady_clock;
constexpr milliseconds turn_every{1}, wait_for_records{200};
constexpr std::chrono::seconds beat_every{15}, refill_within{5};
constexpr std::size_t max_records = 2'000, max_bytes = 4 << 20;

bool is_one_line(std::string_view text) {
  return text.find_first_of("\r\n") == text.npos;
}
}  // namespace

struct saga_event_tail::reading {
  std::unique_ptr<log_reader> reader;
  http::cursor next, until;  // until: where the log ended when this began
  steady::time_point patience;
  std::vector<wire::record> records;

  bool refilled() const {
    bool all = true;
    for (std::size_t p = 0; p < next.size(); ++p) all = all && next[p] >= until[p];
    return all || steady::now() > patience;
  }
};

std::optional<http::live_event> to_live_event(const wire::record& r) {
  http::live_event e;
  for (const auto& h : r.headers) {
    if (h.name == "ce_type") e.type = h.value;
    if (h.name == "ce_correlationid") e.saga = h.value;
    if (h.name == "ce_sagatype") e.definition = h.value;
  }
  constexpr std::string_view head = "skald.saga.", tail = ".v1";
  if (!e.type.starts_with(head) || !e.type.ends_with(tail) || !r.has_value) return std::nullopt;
  if (!is_one_line(e.type) || !is_one_line(r.value)) return std::nullopt;
  e.type = e.type.substr(head.size(), e.type.size() - head.size() - tail.size());
  e.partition = static_cast<std::size_t>(r.partition);
  e.offset = r.offset;
  e.data = r.value;
  return e;
}

saga_event_tail::saga_event_tail(kafka::connection to, std::string topic, http::stream_hub& hub,
                                 std::function<void(const std::string&)> report)
    : to_(std::move(to)),
      topic_(std::move(topic)),
      hub_(hub),
      next_beat_(steady::now() + beat_every),
      loop_(
          turn_every, [this] { turn(); },
          [report = std::move(report)](const std::string& why) {
            report("The stream of saga events is interrupted: " + why);
          }) {}

saga_event_tail::~saga_event_tail() {
  loop_.stop();
}

void saga_event_tail::begin() {
  auto next = std::make_unique<reading>();
  const auto admin = kafka::open_admin(to_);
  const auto partitions = admin->partitions(topic_);
  if (partitions == 0) throw log_error("topic " + topic_ + " does not exist");
  bool goes_on = at_.size() == static_cast<std::size_t>(partitions);
  for (std::int32_t p = 0; p < partitions; ++p) {
    const auto marks = admin->watermarks({topic_, p});
    next->next.push_back(std::max(marks.low, marks.high - refill_records));
    next->until.push_back(marks.high);
    const auto at = goes_on ? at_[static_cast<std::size_t>(p)] : 0;
    goes_on = goes_on && at >= marks.low && at <= marks.high;
  }
  if (goes_on) next->next = at_;
  std::vector<position> from;
  for (std::int32_t p = 0; p < partitions; ++p)
    from.push_back({{topic_, p}, next->next[static_cast<std::size_t>(p)]});
  kafka::reader_settings settings;
  settings.group = topic_ + ".tail";  // joins nothing, commits nothing
  settings.prefetched_records = static_cast<int>(max_records);
  settings.prefetched_kib = 4 * 1024;
  next->reader = kafka::open_reader(to_, settings);
  next->reader->assign(from);
  next->patience = steady::now() + refill_within;
  if (!goes_on) hub_.begin(next->next);
  reading_ = std::move(next);
}

void saga_event_tail::read() {
  auto& r = *reading_;
  r.records.clear();
  r.reader->poll(r.records, max_records, max_bytes);
  for (const auto& record : r.records) {
    r.next[static_cast<std::size_t>(record.partition)] = record.offset + 1;
    if (auto event = to_live_event(record)) hub_.publish(std::move(*event));
  }
  if (r.records.empty()) r.reader->wait(wait_for_records);
  if (!hub_.is_open() && r.refilled()) hub_.open();
}

void saga_event_tail::turn() try {
  if (!reading_) begin();
  read();
  if (steady::now() < next_beat_) return;
  next_beat_ = steady::now() + beat_every;
  hub_.beat();
} catch (...) {
  if (reading_) at_ = reading_->next;
  reading_.reset();
  throw;
}
}  // namespace skald::api
