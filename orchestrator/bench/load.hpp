// The load generator: starts sagas, follows `<prefix>.saga-events` until they have ended.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/bench/flights.hpp"
#include "orchestrator/bench/histogram.hpp"
#include "outbox/log.hpp"

namespace skald::bench {
struct load_settings {
  std::string prefix;      // of the service's topics
  std::string definition;  // its name
  std::string run;         // makes this run's business keys its own
  bench::pace pace;
  milliseconds first_end_within{20'000};  // the warm-up begins with the first end, or after this
  milliseconds warm_up{3'000}, measured{8'000};
  bool until_asked = false;            // measures until it is asked to stop, and then drains
  milliseconds drain_at_most{60'000};  // for what is under way at the end
  double duplicates = 0;               // share of starts that are sent twice
  double reordered = 0;                // share of starts that later ones overtake
  std::uint64_t seed = 1;
  std::uint64_t most = ~std::uint64_t{0};  // sagas started in all
};

struct load_result {
  double seconds = 0;                    // measured
  std::uint64_t ended = 0, aborted = 0;  // in the measured time; ended: completed or aborted
  std::uint64_t started_in_all = 0, ended_in_all = 0, aborted_in_all = 0;
  std::uint64_t due_in_all = 0;  // open loop: by its schedule when the last ones were started
  std::uint64_t stuck = 0, never_ended = 0;
  histogram latency_us;  // of the sagas that ended in the measured time, from when they were due

  double per_second() const { return seconds > 0 ? static_cast<double>(ended) / seconds : 0; }
  std::string text() const;  // for the way between two processes
  static load_result read(const std::string& text);
};

enum class stage : std::uint8_t { warm, measured };  // the warm-up is over; the measuring is

// One thread. The writer must have been opened with load::delivered as its on_delivery.
class load {
 public:
  load(const load_settings&, log_writer&, log_reader&, log_admin&);

  // Runs to the end: warm-up, measured time, drain. `asked_to_stop` ends it early, undrained, but
  // for settings.until_asked.
  // Throws log_error.
  load_result run(const std::function<void(stage)>& reached,
                  const std::function<bool()>& asked_to_stop);
  void delivered(const log_writer::delivery&);

 private:
  void follow_from_now(log_admin&);
  void change_stage(instant now, bool asked, const std::function<void(stage)>& reached);
  void start_sagas(instant now);
  bool send(std::uint64_t no);
  void release_held(bool all);
  void take_events(instant now);
  void take_event(const wire::record&, instant now);
  bool chance(double share);

  const load_settings settings_;
  const std::string starts_, events_, source_;
  log_writer& writer_;
  log_reader& reader_;
  load_result result_;
  flights flights_;
  instant begun_{}, measure_from_{}, drain_from_{};
  bool measuring_ = false, draining_ = false;
  std::uint64_t next_ = 0, random_;
  struct held_start {
    std::uint64_t no, until;  // sent when saga `until` has been
  };
  std::vector<held_start> held_;
  std::vector<wire::record> records_;
  std::string key_, id_, body_, broken_;
};
}  // namespace skald::bench
