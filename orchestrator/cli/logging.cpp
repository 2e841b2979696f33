#include "orchestrator/cli/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "orchestrator/cli/log_line.hpp"
#include "orchestrator/config.hpp"

namespace skald::cli {
namespace {
constexpr char ts_pattern[] = "%Y-%m-%dT%H:%M:%S.%eZ";
constexpr std::string_view other_event = "other";  // of a library that logs by itself

bool as_json = false;
rate_limit& limit() {
  static rate_limit one;
  return one;
}

severity severity_of(spdlog::level::level_enum l) {
  return l >= spdlog::level::err    ? severity::error
         : l == spdlog::level::warn ? severity::warning
                                    : severity::info;
}
spdlog::level::level_enum level_of(severity s) {
  return s == severity::error     ? spdlog::level::err
         : s == severity::warning ? spdlog::level::warn
                                  : spdlog::level::info;
}

// Lines of `log()` come with all but their time; others are only a message.
class line : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& m, spdlog::memory_buf_t& into) override {
    spdlog::memory_buf_t time;
    time_.format(m, time);
    const std::string_view ts(time.data(), time.size());
    const std::string_view said(m.payload.data(), m.payload.size());
    const auto text = entry ? write(*entry, ts, suppressed)
                            : write({severity_of(m.level), other_event, std::string(said)}, ts, 0);
    into.append(text.data(), text.data() + text.size());
    into.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<line>(); }

  static thread_local const log_entry* entry;  // under way, of this thread
  static thread_local std::uint64_t suppressed;

 private:
  static std::string write(const log_entry& e, std::string_view ts, std::uint64_t left_out) {
    return as_json ? json_line(e, ts, left_out) : text_line(e, ts, left_out);
  }
  spdlog::pattern_formatter time_{ts_pattern, spdlog::pattern_time_type::utc, ""};
};
thread_local const log_entry* line::entry = nullptr;
thread_local std::uint64_t line::suppressed = 0;

spdlog::level::level_enum level_named(const std::string& name) {
  for (const auto l :
       {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err})
    if (name == (l == spdlog::level::warn   ? "warn"
                 : l == spdlog::level::err  ? "error"
                 : l == spdlog::level::info ? "info"
                                            : "debug"))
      return l;
  throw config::error("log.level = '" + name + "' must be debug, info, warn or error");
}
}  // namespace

void start_logging(const std::string& level, const std::string& format) {
  if (format != "text" && format != "json")
    throw config::error("log.format = '" + format + "' must be text or json");
  as_json = format == "json";
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_formatter(std::make_unique<line>());
  auto log = std::make_shared<spdlog::logger>("skald", std::move(sink));
  log->set_level(level_named(level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

void log(const log_entry& e) {
  const auto level = level_of(e.severity);
  if (!spdlog::should_log(level)) return;
  const auto answer = limit().ask(e.event);
  if (!answer.write) return;
  line::entry = &e;
  line::suppressed = answer.suppressed;
  spdlog::log(level, "");
  line::entry = nullptr;
}

void log(severity s, std::string_view event, std::string text) {
  log({s, event, std::move(text)});
}
}  // namespace skald::cli
