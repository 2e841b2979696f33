// Any words on the command line of skald, one a line: a command that could be performed, help, or
// one sentence about what was not understood. Nothing is performed.
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "orchestrator/cli/command_line.hpp"
#include "sagas/assert.hpp"

using namespace skald;

namespace {
constexpr std::size_t most_words = 64;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> all{"skald"};
  while (!text.empty() && all.size() < most_words) {
    const auto end = std::min(text.find('\n'), text.size());
    all.emplace_back(text.substr(0, end).substr(0, text.substr(0, end).find('\0')));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static cli::command_line line;
  line.chosen = nullptr;
  line.globals.sources.flags.clear();
  const auto words = words_of({reinterpret_cast<const char*>(bytes), size});
  std::vector<const char*> argv;
  for (const auto& word : words) argv.push_back(word.c_str());
  std::ostringstream out, err;
  const auto code = line.parse(static_cast<int>(argv.size()), argv.data(), out, err);
  if (!code) {
    SKALD_ASSERT(line.chosen, "a command line was understood, and no command was chosen");
  } else if (*code == cli::done) {
    SKALD_ASSERT(!out.str().empty(), "help was asked for, and there is none");
  } else {
    SKALD_ASSERT(*code == cli::usage, "not understood, and another exit code");
    SKALD_ASSERT(err.str().starts_with("skald: "), "not understood, and no sentence");
  }
  return 0;
}
