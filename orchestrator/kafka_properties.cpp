#include "orchestrator/kafka_properties.hpp"

#include <algorithm>
#include <fstream>

#include "orchestrator/config.hpp"

namespace skald::config {
namespace {
std::string_view without_blanks(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

void add(std::map<std::string, std::string>& all, std::string_view line, const std::string& where) {
  const auto equals = line.find('=');
  const auto name = without_blanks(line.substr(0, equals));
  if (equals == line.npos || name.empty()) throw error(where + " must be name=value");
  if (line.find('\0') != line.npos)  // librdkafka would take it for the end of the value
    throw error(where + " holds a NUL byte: write plain text");
  if (std::ranges::none_of(kafka_properties_allowed,
                           [&](std::string_view a) { return name.starts_with(a); }))
    throw error(where + ": the property " + std::string(name) +
                " is not for this file: it says how to connect (security.protocol, "
                "ssl.*, sasl.*, socket.*); the rest is decided by skald");
  if (all.size() == most_kafka_properties)
    throw error(where + ": there are more than " + std::to_string(most_kafka_properties));
  all.insert_or_assign(std::string(name), std::string(without_blanks(line.substr(equals + 1))));
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(most_kafka_property_bytes + 1, '\0');
  if (!file || (!file.read(text.data(), static_cast<std::streamsize>(text.size())) && !file.eof()))
    throw error("the file " + path + " cannot be read; name another with --kafka-properties");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most_kafka_property_bytes)
    throw error("the file " + path + " is longer than the " +
                std::to_string(most_kafka_property_bytes) + " bytes that such a file may have");
  return text;
}
}  // namespace

std::map<std::string, std::string> read_kafka_properties(const std::string& path) {
  const auto text = text_of(path);
  std::map<std::string, std::string> all;
  int no = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = without_blanks(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++no;
    if (line.empty() || line.front() == '#') continue;
    add(all, line, "file " + path + " line " + std::to_string(no));
  }
  return all;
}
}  // namespace skald::config
