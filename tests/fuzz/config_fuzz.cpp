// Any bytes as the settings file, and as the text of flags: a value that was judged, or one
// sentence about what is wrong.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>

#include "orchestrator/config.hpp"
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
  std::remove(from.file.c_str());
  from.file = "/dev/null";
  if (!text.empty() && text.size() <= most_flag_bytes) {
    const auto i = bytes[0] % config::known().size();
    from.flags[std::string(config::known()[i].name)] = text.substr(1);
    judge(from);
  }
  (void)config::parse_duration(text);
  (void)config::without_password(text);
  return 0;
}
