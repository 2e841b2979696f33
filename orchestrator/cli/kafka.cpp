#include "orchestrator/cli/kafka.hpp"

#include <algorithm>
#include <array>
#include <fstream>

namespace skald::cli {
namespace {
constexpr std::size_t most_properties = 100;
constexpr std::array<std::string_view, 7> allowed = {"security.protocol", "ssl.",         "sasl.",
                                                     "enable.ssl.",       "enable.sasl.", "socket.",
                                                     "broker.address."};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void add(std::map<std::string, std::string>& all, std::string_view line, const std::string& where) {
  const auto equals = line.find('=');
  const auto name = trimmed(line.substr(0, equals));
  if (equals == line.npos || name.empty()) throw failure(usage, where + " must be name=value");
  if (std::ranges::none_of(allowed, [&](std::string_view a) { return name.starts_with(a); }))
    throw failure(usage, where + ": the property " + std::string(name) +
                             " is not for this file: it says how to connect (security.protocol, "
                             "ssl.*, sasl.*, socket.*); the rest is decided by skald");
  if (all.size() == most_properties)
    throw failure(usage, where + ": there are more than " + std::to_string(most_properties));
  all.insert_or_assign(std::string(name), std::string(trimmed(line.substr(equals + 1))));
}

std::map<std::string, std::string> read_properties(const std::string& path) {
  std::map<std::string, std::string> all;
  std::ifstream file(path);
  if (!file)
    throw failure(usage, "the file " + path +
                             " cannot be read; name another with "
                             "--kafka-properties");
  int no = 0;
  for (std::string line; std::getline(file, line);) {
    ++no;
    const auto text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    add(all, text, "file " + path + " line " + std::to_string(no));
  }
  return all;
}
}  // namespace

kafka::connection kafka_of(const context& x) {
  kafka::connection to{.bootstrap = required(x, "kafka")};
  if (const auto& path = x.settings.text("kafka_properties"); !path.empty())
    to.extra = read_properties(path);
  return to;
}
}  // namespace skald::cli
