// Found by writing the fuzzer's assertion: librdkafka takes a NUL byte for the end of a property's
// value, so a password was cut short. And a file without end, such as a device, was read on and on.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "orchestrator/config.hpp"
#include "orchestrator/kafka_properties.hpp"

using namespace skald;

namespace {
struct properties_file {
  explicit properties_file(const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  ~properties_file() { std::remove(path.c_str()); }
  std::string complaint() const {
    try {
      config::read_kafka_properties(path);
    } catch (const config::error& e) {
      return e.what();
    }
    return {};
  }
  const std::string path = "kafka-properties-" + std::to_string(::getpid());
};
}  // namespace

TEST_CASE("a property is read whole or refused") {
  using namespace std::string_literals;
  const properties_file nul("# me\nssl.key.password = half\0 of it\n"s);
  CHECK(nul.complaint() == "file " + nul.path + " line 2 holds a NUL byte: write plain text");
  const properties_file comment("# \0\nssl.key.password = a=b \r\n"s);
  CHECK(comment.complaint().empty());
  CHECK(config::read_kafka_properties(comment.path).at("ssl.key.password") == "a=b");
}

TEST_CASE("a file of properties has a bound") {
  const properties_file longest(std::string(config::most_kafka_property_bytes, '\n'));
  CHECK(longest.complaint().empty());
  const properties_file longer(std::string(config::most_kafka_property_bytes + 1, '\n'));
  CHECK(longer.complaint() ==
        "the file " + longer.path + " is longer than the 65536 bytes that such a file may have");
  CHECK_THROWS_AS(config::read_kafka_properties("/dev/zero"), config::error);
  CHECK_THROWS_AS(config::read_kafka_properties("/"), config::error);
}
