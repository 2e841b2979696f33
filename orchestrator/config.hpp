// Settings. A flag wins over SKALD_* of the environment, that over the TOML file, that over the
// default; `skald config show --origin` prints who won. The one list of them is in config.cpp.
//
// Setting "log.level" is flag --log-level, variable SKALD_LOG_LEVEL, and `level` under [log].
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace skald::config {
enum class type : std::uint8_t { text, count, duration, on_off };

struct setting {
  std::string_view name;
  config::type type = type::text;
  std::string_view fallback;
  std::string_view meaning;
  bool secret = false;  // shown without its password
};
std::span<const setting> known();

std::string flag_of(const setting&);      // "--log-level"
std::string variable_of(const setting&);  // "SKALD_LOG_LEVEL"

enum class origin : std::uint8_t { fallback, file, environment, flag };

struct value {
  std::string text;
  config::origin origin = origin::fallback;
  std::string where;  // for people: "flag --kafka", "file /etc/skald/skald.toml line 3"
};

// A setting that is misspelt, of the wrong type or in a file that cannot be read. One sentence.
struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct sources {
  std::map<std::string, std::string, std::less<>> flags;  // by setting name
  std::function<const char*(const char*)> variable;       // as getenv
  std::string file;                                       // empty: the usual places are tried
};

class configuration {
 public:
  // Reads and judges everything at once. Throws `error`.
  explicit configuration(const sources&);

  // By name; asserts that the setting is known and of that type.
  const std::string& text(std::string_view name) const;
  std::int64_t count(std::string_view name) const;
  std::chrono::milliseconds duration(std::string_view name) const;
  bool on(std::string_view name) const;

  const value& of(std::string_view name) const;
  const std::string& file() const { return file_; }  // empty: none was read

 private:
  void read_file(const std::string& path);
  std::map<std::string, value, std::less<>> values_;
  std::string file_;
};

// What is shown of a secret: a URL keeps all but its password.
std::string without_password(std::string_view);

std::optional<std::chrono::milliseconds> parse_duration(std::string_view);  // 250ms 5s 3m 36h 14d
}  // namespace skald::config
