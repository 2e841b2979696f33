#include "orchestrator/config.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

namespace {
using namespace skald;
using namespace std::chrono_literals;

struct file {
  explicit file(const std::string& content) {
    const auto fd = mkstemp(path.data());
    REQUIRE(fd >= 0);
    close(fd);
    std::ofstream(path) << content;
  }
  ~file() { unlink(path.c_str()); }
  std::string path = "/tmp/skald-config.XXXXXX";
};

using words = std::map<std::string, std::string>;

config::configuration read(const std::string& path, words flags = {}, words variables = {}) {
  config::sources from;
  from.file = path;
  from.flags = {flags.begin(), flags.end()};
  from.variable = [variables](const char* name) -> const char* {
    const auto it = variables.find(name);
    return it == variables.end() ? nullptr : it->second.c_str();
  };
  return config::configuration(from);
}

std::string complaint(const std::string& content) {
  const file f(content);
  try {
    read(f.path);
  } catch (const config::error& e) {
    std::string text = e.what();
    if (const auto at = text.find(f.path); at != text.npos) text.replace(at, f.path.size(), "FILE");
    return text;
  }
  return "no complaint";
}
}  // namespace

TEST_CASE("a flag wins over the environment, that over the file, that over the default") {
  const file f("kafka = \"file:1\"\nprefix = \"from_file\"\n[log]\nlevel = \"debug\"\n");
  const auto c =
      read(f.path, {{"kafka", "flag:1"}}, {{"SKALD_KAFKA", "env:1"}, {"SKALD_PREFIX", "from_env"}});
  CHECK(c.text("kafka") == "flag:1");
  CHECK(c.of("kafka").where == "flag --kafka");
  CHECK(c.text("prefix") == "from_env");
  CHECK(c.of("prefix").where == "environment SKALD_PREFIX");
  CHECK(c.text("log.level") == "debug");
  CHECK(c.of("log.level").where == "file " + f.path + " line 4");
  CHECK_FALSE(c.on("trace.every"));
  CHECK(c.of("trace.every").origin == config::origin::fallback);
}

TEST_CASE("an empty variable is a value, not an absence") {
  const file f("kafka = \"file:1\"\n");
  CHECK(read(f.path, {}, {{"SKALD_KAFKA", ""}}).text("kafka").empty());
}

TEST_CASE("every default is a value of its own type") {
  const file nothing("");
  CHECK_NOTHROW(read(nothing.path));
}

TEST_CASE("a mistake in the file is one sentence with the line") {
  CHECK(complaint("\nkafak = \"x\"\n") ==
        "file FILE line 2: there is no setting 'kafak'; did you mean 'kafka'?");
  CHECK(complaint("colour = 1\n") ==
        "file FILE line 1: there is no setting 'colour'; `skald config show` lists them all");
  CHECK(complaint("[trace]\nevery = 3\n") ==
        "trace.every = '3' (file FILE line 2) must be true or false");
  CHECK(complaint("kafka = [1]\n") ==
        "file FILE line 1: kafka: must be a text, a whole number, or true or false");
  CHECK(complaint("kafka = \n").starts_with("file FILE line 1 is not TOML: "));
}

TEST_CASE("a file that was named but is not there is an error, an absent usual one is not") {
  CHECK_THROWS_WITH_AS(
      read("/no/such/file.toml"),
      "the settings file /no/such/file.toml cannot be read; name another with --config",
      config::error);
  CHECK(read("", {}, {{"XDG_CONFIG_HOME", "/no/such/folder"}}).file().find("/no/such") ==
        std::string::npos);
}

TEST_CASE("times have a unit, and an absurd one is refused") {
  CHECK(config::parse_duration("250ms") == 250ms);
  CHECK(config::parse_duration("14d") == 14 * 24h);
  CHECK(config::parse_duration("5m") == 5min);
  for (const auto* bad : {"", "5", "s", "-1s", "1.5s", "99999999999999999999d", "9999999d"})
    CHECK_MESSAGE(!config::parse_duration(bad), bad);
}

TEST_CASE("a password is not shown, in either form of a connection string") {
  CHECK(config::without_password("postgresql://me:secret@host/db") ==
        "postgresql://me:***@host/db");
  CHECK(config::without_password("postgresql://me@host:5432/db") == "postgresql://me@host:5432/db");
  CHECK(config::without_password("host=h password=secret dbname=d") ==
        "host=h password=*** dbname=d");
  CHECK(config::without_password("postgresql:///db?host=h&password=secret") ==
        "postgresql:///db?host=h&password=***");
}
