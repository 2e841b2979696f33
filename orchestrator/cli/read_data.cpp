#include "orchestrator/cli/read_data.hpp"

#include <fstream>
#include <iostream>

#include "orchestrator/cli/context.hpp"

namespace skald::cli {
namespace {
constexpr std::size_t max_event_bytes = 256 * 1024;
}

std::string read_data(const std::string& from) {
  std::string text(max_event_bytes + 1, '\0');
  std::ifstream file;
  if (from.starts_with('@')) file.open(from.substr(1), std::ios::binary);
  if (from.starts_with('@') && !file)
    throw failure(usage, "the file " + from.substr(1) + " cannot be read");
  if (from != "-" && !from.starts_with('@')) return from;
  auto& in = from == "-" ? std::cin : file;
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_event_bytes)
    throw failure(usage, "the event is larger than " + std::to_string(max_event_bytes) + " bytes");
  return text;
}
}  // namespace skald::cli
