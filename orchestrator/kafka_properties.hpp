// The file that setting `kafka_properties` names: how to connect, one name=value a line.
#pragma once
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace skald::config {
constexpr std::size_t most_kafka_properties = 100;
constexpr std::size_t most_kafka_property_bytes = 64 * 1024;            // of the file
constexpr std::array<std::string_view, 7> kafka_properties_allowed = {  // beginnings of names
    "security.protocol", "ssl.",    "sasl.",          "enable.ssl.",
    "enable.sasl.",      "socket.", "broker.address."};

// Values by name, blanks around both cut off; empty lines and those that begin with # are skipped.
// Throws config::error with one sentence when the file cannot be read or holds something else.
std::map<std::string, std::string> read_kafka_properties(const std::string& path);
}  // namespace skald::config
