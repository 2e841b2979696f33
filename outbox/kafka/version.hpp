// The librdkafka that this program runs with.
#pragma once
#include <string>

namespace skald::kafka {
std::string library_version();  // "2.0.2"
// False: logging in by SCRAM is refused by Kafka 4 (librdkafka older than 2.6.1).
bool scram_works();
}  // namespace skald::kafka
