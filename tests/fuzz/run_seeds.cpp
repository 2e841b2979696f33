// Runs a fuzzer's function once for each file given, then as often as SKALD_FUZZ_RUNS says with
// inputs that are mixed from them: what was found stays found, without libFuzzer. The same number
// gives the same inputs; one that kills the program is left in the file crash-input.
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>
#include <vector>

#include "orchestrator/simulate/dice.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {
constexpr std::size_t most_bytes = 64 * 1024;
constexpr int most_edits = 6;
std::string current;

void run() {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

void keep_input(int signal) {
  std::ofstream("crash-input", std::ios::binary) << current;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void edit(std::string& text, const std::string& other, skald::sim::dice& draw) {
  const auto at = draw.below(text.size() + 1);
  const auto piece = [&draw](const std::string& of) {
    const auto from = draw.below(of.size() + 1);
    return of.substr(from, draw.below(32));
  };
  switch (draw.below(6)) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << draw.below(8)));
      break;
    case 1:
      text.insert(at, 1, static_cast<char>(draw.below(256)));
      break;
    case 2:
      text.erase(at, draw.below(16));
      break;
    case 3:
      text.insert(at, piece(text));
      break;
    case 4:
      text.insert(at, piece(other));
      break;
    default:
      text = text.substr(0, at) + other.substr(draw.below(other.size() + 1));
  }
  if (text.size() > most_bytes) text.resize(most_bytes);
}
}  // namespace

int main(int count, char** files) {
  if (count < 2) {
    std::cerr << "no seeds given\n";
    return 1;
  }
  for (const auto signal : {SIGABRT, SIGSEGV, SIGFPE, SIGILL}) std::signal(signal, keep_input);
  std::vector<std::string> seeds;
  for (int i = 1; i < count; ++i) {
    std::ifstream in(files[i], std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    if (!in) {
      std::cerr << "cannot read " << files[i] << "\n";
      return 1;
    }
    seeds.push_back(current = text.str());
    run();
  }
  const char* const asked = std::getenv("SKALD_FUZZ_RUNS");
  const long runs = asked ? std::atol(asked) : 0;
  skald::sim::dice draw(1);
  for (long i = 0; i < runs; ++i) {
    current = draw.pick(seeds);
    for (auto edits = draw.below(most_edits) + 1; edits > 0; --edits)
      edit(current, draw.pick(seeds), draw);
    run();
  }
  std::cout << count - 1 << " seeds, " << runs << " mixed inputs\n";
}
