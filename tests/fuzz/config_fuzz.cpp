// Any bytes as the settings file, as the text of flags, as the file of Kafka's properties and as
// SKALD_FAILPOINTS: a value that was judged, or one sentence about what is wrong.
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "orchestrator/config.hpp"
#include "orchestrator/failpoint.hpp"
#include "orchestrator/kafka_properties.hpp"
#include "sagas/assert.hpp"

using namespace skald;

namespace {
constexpr std::size_t most_flag_bytes = 256;  // of what is tried as a flag too

const std::string& file_of_this_process() {
  static const std::string path = [] {
    const auto* folder = std::getenv("TMPDIR");
    return std::string(folder ? folder : "/tmp") + "/skald-config-fuzz-" +
           std::to_string(::getpid()) + ".toml";
  }();
  return path;
}

void judge(const config::sources& from) {
  try {
    const config::configuration read(from);
    for (const auto& s : config::known()) {
      if (s.type == config::type::count) read.count(s.name);
      if (s.type == config::type::duration)
        SKALD_ASSERT(read.duration(s.name).count() >= 0, "a duration before its beginning");
      if (s.type == config::type::on_off) read.on(s.name);
    }
  } catch (const config::error& e) {
    SKALD_ASSERT(*e.what() != 0, "an error without a sentence");
  }
}

void judge_properties(const std::string& path) {
  try {
    const auto all = config::read_kafka_properties(path);
    SKALD_ASSERT(all.size() <= config::most_kafka_properties, "more properties than there may be");
    for (const auto& p : all) {
      SKALD_ASSERT(std::ranges::any_of(config::kafka_properties_allowed,
                                       [&](auto a) { return p.first.starts_with(a); }),
                   "a property that this file may not set");
      SKALD_ASSERT((p.first + p.second).find('\0') == p.first.npos,
                   "Kafka's client would read half of it");
    }
  } catch (const config::error& e) {
    SKALD_ASSERT(*e.what() != 0, "an error without a sentence");
  }
}

// Armed, never passed: one of the actions is a kill.
void judge_failpoints(std::string_view text) {
  try {
    failpoint::arm(text);
    for (const auto& [name, passes] : failpoint::counts())
      SKALD_ASSERT(
          std::ranges::count(failpoint::known(), name, &failpoint::place::name) == 1 && passes == 0,
          "a failpoint that does not exist is armed");
  } catch (const std::invalid_argument& e) {
    SKALD_ASSERT(std::string_view(e.what()).starts_with("SKALD_FAILPOINTS: "), "no sentence");
  }
  failpoint::arm({});
  SKALD_ASSERT(failpoint::counts().empty(), "a failpoint stayed armed");
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  {
    std::ofstream out(file_of_this_process(), std::ios::binary | std::ios::trunc);
    out << text;
  }
  config::sources from;
  from.variable = [](const char*) -> const char* { return nullptr; };
  from.file = file_of_this_process();
  judge(from);
  judge_properties(from.file);
  std::remove(from.file.c_str());
  from.file = "/dev/null";
  if (!text.empty() && text.size() <= most_flag_bytes) {
    const auto i = bytes[0] % config::known().size();
    from.flags[std::string(config::known()[i].name)] = text.substr(1);
    judge(from);
  }
  judge_failpoints(text);
  (void)config::parse_duration(text);
  (void)config::without_password(text);
  return 0;
}
