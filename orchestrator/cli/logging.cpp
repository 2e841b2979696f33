#include "orchestrator/cli/logging.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

#include "orchestrator/config.hpp"

namespace skald::cli {
namespace {
// The message as a JSON text.
class json_message : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& into) override {
    const auto text = nlohmann::json(std::string(message.payload.data(), message.payload.size()))
                          .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    into.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_message>();
  }
};

spdlog::level::level_enum level_of(const std::string& name) {
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

void start_logging(const std::string& level, bool json) {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  if (json)
    formatter->add_flag<json_message>('*').set_pattern(
        R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%*})");
  else
    formatter->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-5!l %v");
  sink->set_formatter(std::move(formatter));
  auto log = std::make_shared<spdlog::logger>("skald", std::move(sink));
  log->set_level(level_of(level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}
}  // namespace skald::cli
